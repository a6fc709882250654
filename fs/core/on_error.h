// What somebody who reads a page gets when it cannot be made: `-o on_error=`.
//
// A program that copies a library keeps what it was given. So a page that says what is wrong stands
// in only for what would fail again; an accident is an error, which no copy keeps for ever.
//
// Pure functions of plain values: any thread.

#ifndef CBZFS_FS_CORE_ON_ERROR_H_
#define CBZFS_FS_CORE_ON_ERROR_H_

#include <cstdint>

#include "absl/status/status.h"
#include "codecs/worker/failure.h"

namespace cbzfs {

enum class OnError : uint8_t {
  kAuto,  // a notice page where the page is at fault, EIO after an accident
  kPage,  // a notice page for both
  kEio,   // EIO for both
};

// Whether a notice page stands in. Never where nobody waits any more, nor for a version of the
// source that is gone.
inline bool ShowsNotice(OnError on_error, const absl::Status& failure) {
  if (failure.ok() || absl::IsCancelled(failure) || absl::IsAborted(failure)) return false;
  switch (on_error) {
    case OnError::kAuto:
      return LiesInThePage(failure);
    case OnError::kPage:
      return true;
    case OnError::kEio:
      return false;
  }
  return false;
}

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_ON_ERROR_H_
