#include "cache/store/second_level.h"

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "cache/store/breaker.h"

namespace cbzfs {
namespace {

// One who waits for a value. Answered by the thread that has asked, or by the clock.
struct Waiter {
  StoreKey key;
  absl::Time deadline;
  SecondLevel::Got done;  // null: answered
};

struct Write {
  StoreKey key;
  std::string value;
  bool remove = false;
};

}  // namespace

struct SecondLevel::State {
  State(std::unique_ptr<StoreBackend> kept_backend, const SecondLevelOptions& wanted)
      : backend(std::move(kept_backend)),
        options(wanted),
        reading(wanted.failures, wanted.first_pause, wanted.longest_pause),
        writing(wanted.failures, wanted.first_pause, wanted.longest_pause) {}

  using Waiting = std::shared_ptr<Waiter>;

  using Writes = std::deque<Write>;

  // The first whose key no thread is at: what is asked of one key happens in its order. A damaged
  // value that is removed after the new one was put would take that with it.
  Writes::iterator NextWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return std::find_if(writes.begin(), writes.end(),
                        [this](const Write& write) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
                          return !being_written.contains(write.key);
                        });
  }

  bool HasWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return stopping || !gets.empty() || NextWrite() != writes.end();
  }

  // What a thread does until the end.
  void Serve() {
    absl::MutexLock lock(&mu);
    while (true) {
      mu.Await(absl::Condition(this, &State::HasWork));
      if (stopping) break;
      // A reader waits for the one, nobody for the other.
      if (!gets.empty()) {
        Waiting next = std::move(gets.front());
        gets.pop_front();
        if (next->done != nullptr) Ask(next);
      } else {
        const auto at = NextWrite();
        const Write next = std::move(*at);
        writes.erase(at);
        being_written.insert(next.key);
        Keep(next);
        being_written.erase(next.key);
      }
    }
    --threads;
  }

  void Ask(const Waiting& waiter) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    const StoreKey key = waiter->key;
    mu.Unlock();
    absl::StatusOr<std::optional<std::string>> value = backend->Get(key);
    mu.Lock();
    if (!value.ok()) {
      ++stats.failed;
      Failed(&reading, value.status());
    } else if (waiter->done != nullptr) {
      Worked(&reading);
    }
    if (waiter->done == nullptr) return;  // too late
    std::optional<std::string> got;
    if (value.ok()) {
      got = *std::move(value);
      ++(got.has_value() ? stats.hits : stats.misses);
    }
    Answer(waiter, std::move(got));
  }

  void Keep(const Write& write) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    absl::Status status;
    if (writing.Allow(absl::Now())) {
      mu.Unlock();
      status = write.remove ? backend->Remove(write.key) : backend->Put(write.key, write.value);
      mu.Lock();
      if (status.ok()) {
        if (!write.remove) ++stats.kept;
        Worked(&writing);
      } else {
        ++stats.failed;
        Failed(&writing, status);
      }
    } else if (!write.remove) {
      ++stats.unkept;
    }
    stats.waiting_bytes -= write.value.size();
  }

  // Whoever waits has been answered, and is not again.
  void Answer(const Waiting& waiter, std::optional<std::string> value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    Got done = std::exchange(waiter->done, nullptr);
    if (done == nullptr) return;  // telling lets go of the lock: somebody was quicker
    --open_gets;
    mu.Unlock();
    done(std::move(value));
    mu.Lock();
  }

  bool ClockHasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return stopping || !waiters.empty();
  }

  // The clock's thread: all wait equally long, so the first in is the first to be late.
  void Watch() {
    absl::MutexLock lock(&mu);
    while (true) {
      mu.Await(absl::Condition(this, &State::ClockHasWork));
      if (stopping) break;
      const Waiting first = waiters.front();
      const absl::Time now = absl::Now();
      if (first->done != nullptr && now < first->deadline) {
        mu.AwaitWithDeadline(absl::Condition(&stopping), first->deadline);
        continue;
      }
      waiters.pop_front();
      if (first->done == nullptr) continue;
      ++stats.late;
      Failed(&reading, absl::DeadlineExceededError("no answer in time"));
      Answer(first, std::nullopt);
    }
    --threads;
  }

  void Failed(Breaker* breaker, const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    const bool opened = breaker->Failed(absl::Now());
    if (!breaker->closed()) trouble = std::string(status.message());
    if (opened) {
      Tell(true,
           absl::StrCat("the page store: ", status.message(), "; pages are ",
                        breaker == &reading ? "made without it" : "not kept there", " for now"));
    }
  }

  void Worked(Breaker* breaker) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (!breaker->Succeeded()) return;
    trouble.clear();
    Tell(false, absl::StrCat("the page store: ",
                             breaker == &reading ? "it can be read" : "it takes pages", " again"));
  }

  void Tell(bool warning, const std::string& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (options.tell == nullptr) return;
    mu.Unlock();
    options.tell(warning, message);
    mu.Lock();
  }

  bool Ended() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return threads == 0; }

  const std::unique_ptr<StoreBackend> backend;
  const SecondLevelOptions options;
  mutable absl::Mutex mu;
  Breaker reading ABSL_GUARDED_BY(mu);
  Breaker writing ABSL_GUARDED_BY(mu);
  std::deque<Waiting> gets ABSL_GUARDED_BY(mu);     // not asked yet
  std::deque<Waiting> waiters ABSL_GUARDED_BY(mu);  // all, in the order of their deadlines
  size_t open_gets ABSL_GUARDED_BY(mu) = 0;         // of these, not answered
  Writes writes ABSL_GUARDED_BY(mu);
  absl::flat_hash_set<StoreKey> being_written ABSL_GUARDED_BY(mu);  // at most one a thread
  SecondLevelStats stats ABSL_GUARDED_BY(mu);
  std::string trouble ABSL_GUARDED_BY(mu);
  bool stopping ABSL_GUARDED_BY(mu) = false;
  int threads ABSL_GUARDED_BY(mu) = 0;  // that have not ended
};

SecondLevel::SecondLevel(std::unique_ptr<StoreBackend> backend, const SecondLevelOptions& options)
    : state_(std::make_shared<State>(std::move(backend), options)) {
  absl::MutexLock lock(&state_->mu);
  for (int i = 0; i <= options.threads; ++i) {
    ++state_->threads;
    // Detached: a backend that hangs keeps its thread, and the state with it, but nobody else.
    std::thread([state = state_, clock = i == options.threads] {
      clock ? state->Watch() : state->Serve();
    }).detach();
  }
}

SecondLevel::~SecondLevel() { Stop(); }

void SecondLevel::Get(const StoreKey& key, Got done) {
  {
    absl::MutexLock lock(&state_->mu);
    const absl::Time now = absl::Now();
    std::deque<State::Waiting>& waiters = state_->waiters;
    while (!waiters.empty() && waiters.front()->done == nullptr) waiters.pop_front();
    if (!state_->stopping && state_->open_gets < state_->options.most_gets &&
        state_->reading.Allow(now)) {
      ++state_->open_gets;
      auto waiter =
          std::make_shared<Waiter>(Waiter{key, now + state_->options.patience, std::move(done)});
      state_->gets.push_back(waiter);
      waiters.push_back(std::move(waiter));
      return;
    }
    ++state_->stats.skipped;
  }
  done(std::nullopt);
}

void SecondLevel::Put(const StoreKey& key, std::string value) {
  absl::MutexLock lock(&state_->mu);
  const uint64_t waiting = state_->stats.waiting_bytes + value.size();
  if (state_->stopping || value.size() > kMaxStoredValue ||
      waiting > state_->options.most_put_bytes) {
    ++state_->stats.unkept;
    return;
  }
  state_->stats.waiting_bytes = waiting;
  state_->writes.push_back({key, std::move(value), false});
}

void SecondLevel::Remove(const StoreKey& key) {
  absl::MutexLock lock(&state_->mu);
  ++state_->stats.damaged;
  if (!state_->stopping) state_->writes.push_back({key, "", true});
}

SecondLevelStats SecondLevel::stats() const {
  absl::MutexLock lock(&state_->mu);
  SecondLevelStats stats = state_->stats;
  stats.bytes = state_->backend->bytes();
  stats.reading = state_->reading.closed();
  stats.writing = state_->writing.closed();
  if (!stats.reading || !stats.writing) stats.trouble = state_->trouble;
  return stats;
}

void SecondLevel::Stop() {
  absl::MutexLock lock(&state_->mu);
  state_->stopping = true;
  state_->gets.clear();
  state_->writes.clear();
  std::deque<State::Waiting> waiters;
  waiters.swap(state_->waiters);
  for (const State::Waiting& waiter : waiters) {
    if (waiter->done != nullptr) state_->Answer(waiter, std::nullopt);
  }
  state_->mu.AwaitWithTimeout(absl::Condition(state_.get(), &State::Ended),
                              state_->options.end_wait);
}

}  // namespace cbzfs
