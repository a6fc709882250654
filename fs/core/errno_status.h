// Failures that carry the errno which a program shall see.
//
// A system call's failure becomes an absl::Status with the code that fits best, and the exact errno
// as a payload, so that nothing is lost between the core and the adapter, which reads it back.
// Other statuses (a worker's, a codec's) have only their code; ErrnoOf() then goes by this table:
//
//   kNotFound            ENOENT        kInvalidArgument    EINVAL
//   kPermissionDenied    EACCES        kUnimplemented      ENOSYS
//   kUnauthenticated     EACCES        kAlreadyExists      EEXIST
//   kCancelled           EINTR         kOutOfRange         EOVERFLOW
//   kAborted             EAGAIN        kFailedPrecondition ENOTDIR
//   kResourceExhausted   ENOMEM        all others          EIO
//
// Functions of plain values: any thread.

#ifndef CBZFS_FS_CORE_ERRNO_STATUS_H_
#define CBZFS_FS_CORE_ERRNO_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

namespace cbzfs {

// `error` is a positive errno, `what` names the operation and its object ("open /a/b.pdf"). The
// message becomes "open /a/b.pdf: Permission denied". `error` 0 gives OK.
absl::Status ErrnoStatus(int error, std::string_view what);

// The same for a failure that has been told to the user already, in `.cbzfs/errors` and the log:
// whoever hands it on need not say it again.
absl::Status ReportedStatus(int error, std::string_view what);
bool WasReported(const absl::Status& status);
// `failure` with that mark.
absl::Status MarkReported(absl::Status failure);

// `failure`, keeping its code, with the errno that is behind it.
absl::Status WithErrno(absl::Status failure, int error);
// The errno that the status carries; 0 where it carries none, whatever ErrnoOf() makes of its code.
int ExactErrno(const absl::Status& status);

// The errno of a status made by ErrnoStatus(), else by the table above; 0 for OK.
int ErrnoOf(const absl::Status& status);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_ERRNO_STATUS_H_
