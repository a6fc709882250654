// Tells ThreadSanitizer about Abseil's locks.
//
// Debian's Abseil is not compiled with ThreadSanitizer, which therefore sees no order between two
// critical sections of an absl::Mutex and reports everything they guard as a race. With the
// linker's
// --wrap, calls from our code arrive here and are announced. CMake links this into tsan builds
// only.
//
// A section that waits (Await, CondVar::Wait) is announced as unlocked and locked again: predicates
// that Abseil runs on the way are then not looked at, which is as Abseil's own annotations have it.
// Readers that wait are announced as readers only where the function's name says so.

#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

using absl::BlockingCounter;
using absl::Condition;
using absl::CondVar;
using absl::Duration;
using absl::Mutex;
using absl::Notification;
using absl::Time;

namespace {

constexpr unsigned kWrite = 0;
constexpr unsigned kRead = __tsan_mutex_read_lock;

template <typename Real>
auto Locking(Mutex* mutex, unsigned mode, Real real) {
  struct Announce {
    Mutex* mutex;
    unsigned mode;
    ~Announce() { __tsan_mutex_post_lock(mutex, mode, 0); }
  };
  __tsan_mutex_pre_lock(mutex, mode);
  const Announce after{mutex, mode};
  return real();
}

template <typename Real>
bool Trying(Mutex* mutex, unsigned mode, Real real) {
  mode |= __tsan_mutex_try_lock;
  __tsan_mutex_pre_lock(mutex, mode);
  const bool locked = real();
  __tsan_mutex_post_lock(mutex, locked ? mode : mode | __tsan_mutex_try_lock_failed, 0);
  return locked;
}

template <typename Real>
void Unlocking(Mutex* mutex, unsigned mode, Real real) {
  __tsan_mutex_pre_unlock(mutex, mode);
  real();
  __tsan_mutex_post_unlock(mutex, mode);
}

template <typename Real>
auto Waiting(Mutex* mutex, Real real) {
  Unlocking(mutex, kWrite, [] {});
  return Locking(mutex, kWrite, real);
}

}  // namespace

// WRAP(result, mangled name, (parameters), (arguments), what to do around REAL)
#define WRAP(result, name, parameters, arguments, ...)         \
  extern "C" result __real_##name parameters;                  \
  extern "C" result __wrap_##name parameters;                  \
  result __wrap_##name parameters {                            \
    const auto real = [&] { return __real_##name arguments; }; \
    __VA_ARGS__;                                               \
  }

// clang-format off
WRAP(void, _ZN4absl7debian35Mutex4LockEv, (Mutex* m), (m), Locking(m, kWrite, real))
WRAP(void, _ZN4absl7debian35Mutex6UnlockEv, (Mutex* m), (m), Unlocking(m, kWrite, real))
WRAP(bool, _ZN4absl7debian35Mutex7TryLockEv, (Mutex* m), (m), return Trying(m, kWrite, real))
WRAP(void, _ZN4absl7debian35Mutex10ReaderLockEv, (Mutex* m), (m), Locking(m, kRead, real))
WRAP(void, _ZN4absl7debian35Mutex12ReaderUnlockEv, (Mutex* m), (m), Unlocking(m, kRead, real))
WRAP(bool, _ZN4absl7debian35Mutex13ReaderTryLockEv, (Mutex* m), (m), return Trying(m, kRead, real))
WRAP(void, _ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE, (Mutex* m, const Condition& c), (m, c),
     Waiting(m, real))
WRAP(bool, _ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE,
     (Mutex* m, const Condition& c, Duration d), (m, c, d), return Waiting(m, real))
WRAP(bool, _ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE,
     (Mutex* m, const Condition& c, Time t), (m, c, t), return Waiting(m, real))
WRAP(void, _ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE, (Mutex* m, const Condition& c), (m, c),
     Locking(m, kWrite, real))
WRAP(bool, _ZN4absl7debian35Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE,
     (Mutex* m, const Condition& c, Duration d), (m, c, d), return Locking(m, kWrite, real))
WRAP(bool, _ZN4absl7debian35Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE,
     (Mutex* m, const Condition& c, Time t), (m, c, t), return Locking(m, kWrite, real))
WRAP(void, _ZN4absl7debian35Mutex14ReaderLockWhenERKNS0_9ConditionE,
     (Mutex* m, const Condition& c), (m, c), Locking(m, kRead, real))
WRAP(void, _ZN4absl7debian37CondVar4WaitEPNS0_5MutexE, (CondVar* v, Mutex* m), (v, m),
     Waiting(m, real))
WRAP(bool, _ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE,
     (CondVar* v, Mutex* m, Duration d), (v, m, d), return Waiting(m, real))
WRAP(bool, _ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE,
     (CondVar* v, Mutex* m, Time t), (v, m, t), return Waiting(m, real))
WRAP(void, _ZN4absl7debian312Notification6NotifyEv, (Notification* n), (n),
     __tsan_release(n); real())
WRAP(void, _ZNK4absl7debian312Notification19WaitForNotificationEv, (Notification* n), (n),
     real(); __tsan_acquire(n))
WRAP(bool, _ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE,
     (Notification* n, Duration d), (n, d),
     const bool done = real(); if (done) __tsan_acquire(n); return done)
WRAP(bool, _ZNK4absl7debian312Notification31WaitForNotificationWithDeadlineENS0_4TimeE,
     (Notification* n, Time t), (n, t),
     const bool done = real(); if (done) __tsan_acquire(n); return done)
WRAP(bool, _ZN4absl7debian315BlockingCounter14DecrementCountEv, (BlockingCounter* b), (b),
     __tsan_release(b); return real())
WRAP(void, _ZN4absl7debian315BlockingCounter4WaitEv, (BlockingCounter* b), (b),
     real(); __tsan_acquire(b))
// clang-format on
