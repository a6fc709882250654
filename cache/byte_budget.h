// ByteBudget: admission of memory. Work starts only when the bytes it will need are reserved.
//
// A request is admitted when it fits beside what is reserved. A request over the whole limit is
// admitted only when nothing else is reserved: refused for ever it would starve, and alone it does
// the least harm. A limit of 0 therefore means: one at a time.
//
// TryReserve never waits, so a loop thread may call it. A queue that was refused tries again when
// the listener tells that bytes came back. A queue must try its first request first and stop at
// the first refusal: if smaller ones pass by, a big one may wait for ever.
//
// Any thread. The budget must outlive its reservations.

#ifndef CBZFS_CACHE_BYTE_BUDGET_H_
#define CBZFS_CACHE_BYTE_BUDGET_H_

#include <cassert>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace cbzfs {

class ByteBudget {
 public:
  // Bytes that are set aside until Release, destruction or being assigned to. Movable; a moved-from
  // one is empty. Not for two threads at a time.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Reservation& operator=(Reservation&& other) noexcept {
      if (this != &other) {
        Release();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
      }
      return *this;
    }
    ~Reservation() { Release(); }

    uint64_t bytes() const { return bytes_; }

    // Gives back what is over `bytes`: the work turned out to need less.
    void ShrinkTo(uint64_t bytes) {
      if (bytes >= bytes_) return;
      const uint64_t before = std::exchange(bytes_, bytes);
      budget_->Return(before - bytes);
    }

    void Release() {
      if (ByteBudget* budget = std::exchange(budget_, nullptr)) {
        budget->Return(std::exchange(bytes_, 0));
      }
    }

   private:
    friend class ByteBudget;
    Reservation(ByteBudget* budget, uint64_t bytes) : budget_(budget), bytes_(bytes) {}

    ByteBudget* budget_ = nullptr;
    uint64_t bytes_ = 0;
  };

  // `on_release` is called each time bytes came back, by the thread that gave them back, without a
  // lock; several threads may call it at once. It may call TryReserve; usually it wakes a queue.
  explicit ByteBudget(uint64_t limit, std::function<void()> on_release = nullptr)
      : limit_(limit), on_release_(std::move(on_release)) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;
  ~ByteBudget() { assert(reserved() == 0); }

  // Empty when there is no room now.
  std::optional<Reservation> TryReserve(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    const uint64_t room = reserved_ < limit_ ? limit_ - reserved_ : 0;
    if (bytes > room && reserved_ > 0) return std::nullopt;
    reserved_ += bytes;
    return Reservation(this, bytes);
  }

  uint64_t reserved() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return reserved_;
  }
  uint64_t limit() const { return limit_; }

 private:
  void Return(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_) {
    if (bytes == 0) return;
    {
      absl::MutexLock lock(&mutex_);
      assert(reserved_ >= bytes);
      reserved_ -= bytes;
    }
    if (on_release_) on_release_();
  }

  const uint64_t limit_;
  const std::function<void()> on_release_;

  mutable absl::Mutex mutex_;  // innermost
  uint64_t reserved_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_BYTE_BUDGET_H_
