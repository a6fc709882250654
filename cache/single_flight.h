// SingleFlight: the same thing is made once, however many wait for it.
//
// For asynchronous work, such as drawing a page or analysing a document. Whoever wants Key joins
// with a callback. The first to join leads: it starts the work, and when the work has ended,
// exactly one Complete(key, result) is owed, from any thread. From the leader's Join to that
// Complete the key is in flight, even when every waiter has left in between; so there is never
// more than one piece of work for a key.
//
// With a cache in front, the order is: Find; Join; and, if leading, Find once more (between the
// two an earlier flight may have landed) before starting. The work's end inserts, then completes.
//
// Leaving: Leave tells kLast when nobody waits any more; the caller then may cancel the work, and
// the work's Complete (with kCancelled, or with a result that came all the same) is still owed.
// Somebody may join between that Leave and the Complete. So a waiter that did not leave and is
// called with kCancelled just came at a bad moment: it joins again, unless all is shutting down.
//
// Each waiter is called exactly once, or leaves. Complete claims all waiters under the lock, then
// calls them without it. Leave on a claimed waiter returns kClaimed: the callback ran, runs or is
// about to run. After kLeft or kLast it never runs, and it has been destroyed.
//
// Any thread. Callbacks run in the thread that completes and may call any method. Callbacks left
// over when the table is destroyed are destroyed uncalled.

#ifndef CBZFS_CACHE_SINGLE_FLIGHT_H_
#define CBZFS_CACHE_SINGLE_FLIGHT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace cbzfs {

enum class LeaveResult : uint8_t {
  kLeft,     // others still wait
  kLast,     // nobody waits any more: the work may be cancelled
  kClaimed,  // too late, or never joined: see above
};

template <class Key, class Value>
class SingleFlight {
 public:
  using Result = absl::StatusOr<std::shared_ptr<const Value>>;
  using Waiter = absl::AnyInvocable<void(const Result&)>;

  struct Ticket {
    uint64_t id = 0;      // of this waiter, for Leave; never 0, never reused
    bool leader = false;  // this caller starts the work
    uint64_t work = 0;    // what the leader gave to SetWork; 0: nothing yet
  };

  struct Left {
    LeaveResult result = LeaveResult::kClaimed;
    uint64_t work = 0;  // with kLast: what to cancel; 0: SetWork will tell the leader
  };

  // `waiter` is not called from inside this.
  Ticket Join(const Key& key, Waiter waiter) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    const uint64_t id = next_id_++;
    auto [at, leader] = flights_.try_emplace(key);
    Flight& flight = at->second;
    if (leader) flight.leader = id;
    if (!leader) ++joined_;
    flight.waiters.push_back({id, std::move(waiter)});
    return {id, leader, flight.work};
  }

  // The leader notes a handle of the work it started (a WorkerPool::RequestId), for others to raise
  // or cancel. Returns how many wait now: 0, all left meanwhile, and it is for the leader to
  // cancel; over 1, others joined without seeing the handle, perhaps in more of a hurry. Nothing
  // when the work has completed already.
  std::optional<size_t> SetWork(const Key& key, uint64_t leader_id, uint64_t work)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    auto found = flights_.find(key);
    // The key may be in flight again, under another leader.
    if (found == flights_.end() || found->second.leader != leader_id) return std::nullopt;
    found->second.work = work;
    return found->second.waiters.size();
  }

  // The work ended. Calls every waiter in the order of joining; returns how many (none: not in
  // flight).
  size_t Complete(const Key& key, const Result& result) ABSL_LOCKS_EXCLUDED(mutex_) {
    std::vector<Waiting> claimed;
    {
      absl::MutexLock lock(&mutex_);
      auto found = flights_.find(key);
      if (found == flights_.end()) return 0;
      claimed = std::move(found->second.waiters);
      flights_.erase(found);
    }
    for (Waiting& waiting : claimed) waiting.waiter(result);
    return claimed.size();
  }

  Left Leave(const Key& key, uint64_t id) ABSL_LOCKS_EXCLUDED(mutex_) {
    Waiter leaving;  // destroyed after unlocking
    absl::MutexLock lock(&mutex_);
    auto found = flights_.find(key);
    if (found == flights_.end()) return {};
    std::vector<Waiting>& waiters = found->second.waiters;
    for (auto waiting = waiters.begin(); waiting != waiters.end(); ++waiting) {
      if (waiting->id != id) continue;
      leaving = std::move(waiting->waiter);
      waiters.erase(waiting);
      return waiters.empty() ? Left{LeaveResult::kLast, found->second.work}
                             : Left{LeaveResult::kLeft, 0};
    }
    return {};
  }

  struct Stats {
    uint64_t joined = 0;   // Joins that found their key in flight
    size_t in_flight = 0;  // keys in flight now
  };
  Stats stats() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return {joined_, flights_.size()};
  }

 private:
  struct Waiting {
    uint64_t id;
    Waiter waiter;
  };
  struct Flight {
    uint64_t leader = 0;
    uint64_t work = 0;
    std::vector<Waiting> waiters;
  };

  // Innermost: no foreign code runs under it.
  mutable absl::Mutex mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t joined_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<Key, Flight> flights_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_SINGLE_FLIGHT_H_
