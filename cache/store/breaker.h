// Keeps from asking what has failed several times in a row, for a while that doubles.
//
// Not for several threads at once: the owner's lock guards it.

#ifndef CBZFS_CACHE_STORE_BREAKER_H_
#define CBZFS_CACHE_STORE_BREAKER_H_

#include <algorithm>

#include "absl/time/time.h"

namespace cbzfs {

class Breaker {
 public:
  Breaker(int failures, absl::Duration first_pause, absl::Duration longest_pause)
      : failures_(failures), first_pause_(first_pause), longest_pause_(longest_pause) {}

  bool closed() const { return pause_ == absl::ZeroDuration(); }

  // Whether to ask now. While it is open that is once after each pause, until that one has ended.
  bool Allow(absl::Time now) {
    if (closed()) return true;
    if (trying_ || now < until_) return false;
    trying_ = true;
    return true;
  }

  // What came of asking. True: it has closed, or opened, by this.
  bool Succeeded() {
    const bool was_open = !closed();
    in_a_row_ = 0;
    pause_ = absl::ZeroDuration();
    trying_ = false;
    return was_open;
  }
  bool Failed(absl::Time now) {
    const bool was_closed = closed();
    // What was asked before it opened says nothing new.
    if (!was_closed && !trying_) return false;
    if (was_closed && ++in_a_row_ < failures_) return false;
    pause_ = was_closed ? first_pause_ : std::min(pause_ * 2, longest_pause_);
    until_ = now + pause_;
    trying_ = false;
    return was_closed;
  }

 private:
  const int failures_;
  const absl::Duration first_pause_;
  const absl::Duration longest_pause_;
  int in_a_row_ = 0;
  bool trying_ = false;
  absl::Duration pause_ = absl::ZeroDuration();  // zero: closed
  absl::Time until_ = absl::InfinitePast();
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_BREAKER_H_
