// LruCache: recently used values by key, bounded in bytes.
//
// Holds finished pages and documents. A value enters with its charge (its size in bytes, as the
// caller counts it) and may leave in four ways only: it is the longest unused when room is needed,
// another value is inserted under its key, Erase/EraseIf/Trim, or the cache's end.
//
// A pointer that Find or Insert returned pins its entry. A pinned entry is not evicted for room:
// that would free nothing and lose a hit. So the use may exceed the capacity while many entries
// are pinned; the next Insert or Trim after they are let go brings it down. Erase and replacement
// do take a pinned entry out of the table; its bytes are then counted in Stats::pinned until the
// last pointer is gone. `bytes + pinned` is all the memory that lives because of this cache; the
// work in flight that will become entries is counted elsewhere (codecs/worker/memory_account.h).
// Pointers may outlive the cache.
//
// Restrict() lowers the capacity for a while: others want the memory.
//
// A value whose charge is over the capacity is not kept and displaces nothing but an older value
// of its key; the caller still gets its pointer, counted in `pinned`. Capacity 0: off.
//
// One mutex and no shards, which would let one big value flush a whole shard; a Find holds it for
// a hash look-up and a list splice. Values are freed after it is released.
//
// Any thread. Key needs ==, AbslHashValue and a copy constructor.

#ifndef CBZFS_CACHE_LRU_CACHE_H_
#define CBZFS_CACHE_LRU_CACHE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace cbzfs {

struct LruCacheStats {
  uint64_t bytes = 0;    // charge of the entries in the table
  uint64_t pinned = 0;   // charge of values that left the table and are still held by somebody
  uint64_t limit = 0;    // the capacity
  uint64_t entries = 0;  // in the table
  uint64_t hits = 0;     // Find
  uint64_t misses = 0;   // Find
  uint64_t evicted = 0;  // entries that left for room or by Trim
};

template <class Key, class Value>
class LruCache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  explicit LruCache(uint64_t capacity) : capacity_(capacity) {}
  LruCache(const LruCache&) = delete;
  LruCache& operator=(const LruCache&) = delete;

  // Keeps `value` (not null) under `key` in place of what was there. Use the returned pointer from
  // here on and drop the own one: only the returned one is counted and pins the entry.
  Pointer Insert(const Key& key, Pointer value, uint64_t charge) ABSL_LOCKS_EXCLUDED(mutex_);

  // The value under `key`, now the most recently used; null: a miss.
  Pointer Find(const Key& key) ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether `key` is kept; counts nothing and moves nothing. For read-ahead.
  bool Contains(const Key& key) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether there was something to erase.
  bool Erase(const Key& key) ABSL_LOCKS_EXCLUDED(mutex_);

  // Erases every entry for which `predicate(key, value)` holds; returns how many. The predicate
  // runs under the lock: it must be quick and must not call this cache.
  template <class Predicate>
  size_t EraseIf(Predicate predicate) ABSL_LOCKS_EXCLUDED(mutex_);

  // From here on at most `bytes` are kept, or the capacity if that is less; evicts as Trim does.
  // Returns what lives because of this cache then, pinned values included.
  uint64_t Restrict(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  // Evicts the longest unused until at most `bytes` are in the table or all that is left is
  // pinned; returns the bytes that left.
  uint64_t Trim(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  uint64_t capacity() const { return capacity_; }
  LruCacheStats stats() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Charge of all Holders alive, in the table or not. Shared, as pointers may outlive the cache.
  using Account = std::atomic<uint64_t>;

  // Owns a value on behalf of the table and of all pointers given out (they alias it).
  struct Holder {
    Holder(Pointer v, uint64_t c, std::shared_ptr<Account> a)
        : value(std::move(v)), charge(c), account(std::move(a)) {
      account->fetch_add(charge, std::memory_order_relaxed);
    }
    ~Holder() {
      value.reset();
      account->fetch_sub(charge, std::memory_order_relaxed);
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

    Pointer value;
    const uint64_t charge;
    const std::shared_ptr<Account> account;
  };
  struct Node {
    Key key;
    std::shared_ptr<Holder> holder;
  };
  using List = std::list<Node>;

  static Pointer PointerTo(const std::shared_ptr<Holder>& holder) {
    return Pointer(holder, holder->value.get());
  }

  // Moves one entry from the table to `victims`, which the caller frees after unlocking.
  void Remove(typename List::iterator node, List& victims) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Evicts until at most `limit` bytes are in the table, passing over pinned entries.
  uint64_t EvictTo(uint64_t limit, List& victims) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint64_t capacity_;
  const std::shared_ptr<Account> account_ = std::make_shared<Account>(0);

  // Innermost: nothing else is locked and no foreign code but EraseIf's predicate runs under it.
  mutable absl::Mutex mutex_;
  List order_ ABSL_GUARDED_BY(mutex_);  // front: most recently used
  absl::flat_hash_map<Key, typename List::iterator> table_ ABSL_GUARDED_BY(mutex_);
  uint64_t limit_ ABSL_GUARDED_BY(mutex_) = capacity_;  // see Restrict()
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t hits_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t misses_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t evicted_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace cbzfs

#include "cache/lru_cache_inl.h"

#endif  // CBZFS_CACHE_LRU_CACHE_H_
