// The pool's clock: monotonic, in nanoseconds, so that setting the time of day kills no worker.

#ifndef CBZFS_CODECS_WORKER_CLOCK_H_
#define CBZFS_CODECS_WORKER_CLOCK_H_

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

namespace cbzfs {

using MonotonicTime = std::chrono::steady_clock::time_point;

inline MonotonicTime MonotonicNow() { return std::chrono::steady_clock::now(); }

// `now` plus a duration that may be infinite.
inline MonotonicTime After(MonotonicTime now, absl::Duration duration) {
  return now + absl::ToChronoNanoseconds(
                   std::clamp(duration, absl::ZeroDuration(), absl::Hours(24 * 365)));
}

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_CLOCK_H_
