// The one funnel from a status of the core to the errno that a program sees.
//
// What was to be expected (no such file, an interrupted read, not a directory) passes silently, and
// so does what has been told already (a page that cannot be made, WasReported()). Everything else
// is a failure the user may wonder about, and is logged here and nowhere else, as a warning. Any
// thread.

#ifndef CBZFS_FS_FUSE_ERRNO_OF_H_
#define CBZFS_FS_FUSE_ERRNO_OF_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace cbzfs {

// The errno for a failed `operation` ("read") on inode `ino`; never 0. See core/errno_status.h for
// the table.
int ErrnoOfFailed(std::string_view operation, uint64_t ino, const absl::Status& status);

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_ERRNO_OF_H_
