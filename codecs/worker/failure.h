// Whose fault a failure of a worker's request is.
//
// The pool tries everything twice that can end badly, so these are about failures that came twice:
//
//   the file      kInvalidArgument, kPermissionDenied, kNotFound, kUnimplemented, kOutOfRange: a
//                 worker said so, twice, and was well afterwards. The same version of the file will
//                 always fail so.
//   the page      besides those kDataLoss (what the worker answered made no sense) and kInternal
//                 (workers crashed, twice, in the same way). Most likely it will fail so again, but
//                 another version of this program may not.
//   an accident   kDeadlineExceeded (time), kResourceExhausted (memory), kUnavailable (no worker,
//   or
//                 the document was put aside), kAborted (the source changed), kCancelled.
//
// Functions of plain values: any thread.

#ifndef CBZFS_CODECS_WORKER_FAILURE_H_
#define CBZFS_CODECS_WORKER_FAILURE_H_

#include "absl/status/status.h"

namespace cbzfs {

// True for what may be remembered for as long as the file stays as it is.
inline bool LiesInTheFile(const absl::Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kOutOfRange:
      return true;
    default:
      return false;
  }
}

// True for what would fail again with another worker, more time and more memory; so a reader may be
// told in place of the page.
inline bool LiesInThePage(const absl::Status& failure) {
  return LiesInTheFile(failure) || absl::IsDataLoss(failure) || absl::IsInternal(failure);
}

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_FAILURE_H_
