// The bodies of LruCache's members; included by lru_cache.h only.

#ifndef CBZFS_CACHE_LRU_CACHE_INL_H_
#define CBZFS_CACHE_LRU_CACHE_INL_H_

#include "cache/lru_cache.h"

namespace cbzfs {

template <class Key, class Value>
void LruCache<Key, Value>::Remove(typename List::iterator node, List& victims) {
  bytes_ -= node->holder->charge;
  table_.erase(node->key);
  victims.splice(victims.end(), order_, node);
}

template <class Key, class Value>
uint64_t LruCache<Key, Value>::EvictTo(uint64_t limit, List& victims) {
  const uint64_t before = bytes_;
  // An entry that is held counts as just used: it goes to the front, and a later call does not
  // look at it again. At most one look at each entry, so a table of pinned entries ends the loop.
  for (size_t left = order_.size(); left > 0 && bytes_ > limit; --left) {
    auto oldest = std::prev(order_.end());
    // One reference is the table's own. New ones are made from it under the mutex or copied from
    // others, so a count of one cannot rise behind our back.
    if (oldest->holder.use_count() > 1) {
      order_.splice(order_.begin(), order_, oldest);
      continue;
    }
    Remove(oldest, victims);
    ++evicted_;
  }
  return before - bytes_;
}

template <class Key, class Value>
auto LruCache<Key, Value>::Insert(const Key& key, Pointer value, uint64_t charge) -> Pointer {
  // Everything that allocates or frees is outside the lock, except the table's slot.
  auto holder = std::make_shared<Holder>(std::move(value), charge, account_);
  List fresh;
  fresh.push_back(Node{key, holder});
  List victims;
  {
    absl::MutexLock lock(&mutex_);
    if (auto old = table_.find(key); old != table_.end()) Remove(old->second, victims);
    if (charge <= limit_ && limit_ > 0) {
      order_.splice(order_.begin(), fresh);
      table_.emplace(key, order_.begin());
      bytes_ += charge;
      EvictTo(limit_, victims);
    }
  }
  return PointerTo(holder);
}

template <class Key, class Value>
auto LruCache<Key, Value>::Find(const Key& key) -> Pointer {
  absl::MutexLock lock(&mutex_);
  auto found = table_.find(key);
  if (found == table_.end()) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  order_.splice(order_.begin(), order_, found->second);
  return PointerTo(found->second->holder);
}

template <class Key, class Value>
bool LruCache<Key, Value>::Contains(const Key& key) const {
  absl::MutexLock lock(&mutex_);
  return table_.contains(key);
}

template <class Key, class Value>
bool LruCache<Key, Value>::Erase(const Key& key) {
  List victims;
  absl::MutexLock lock(&mutex_);
  auto found = table_.find(key);
  if (found == table_.end()) return false;
  Remove(found->second, victims);
  return true;
}

template <class Key, class Value>
template <class Predicate>
size_t LruCache<Key, Value>::EraseIf(Predicate predicate) {
  List victims;
  absl::MutexLock lock(&mutex_);
  for (auto node = order_.begin(); node != order_.end();) {
    auto next = std::next(node);
    if (predicate(std::as_const(node->key), std::as_const(*node->holder->value))) {
      Remove(node, victims);
    }
    node = next;
  }
  return victims.size();
}

template <class Key, class Value>
uint64_t LruCache<Key, Value>::Restrict(uint64_t bytes) {
  {
    List victims;
    absl::MutexLock lock(&mutex_);
    limit_ = std::min(capacity_, bytes);
    EvictTo(limit_, victims);
  }
  return account_->load(std::memory_order_relaxed);
}

template <class Key, class Value>
uint64_t LruCache<Key, Value>::Trim(uint64_t bytes) {
  List victims;
  absl::MutexLock lock(&mutex_);
  return EvictTo(bytes, victims);
}

template <class Key, class Value>
LruCacheStats LruCache<Key, Value>::stats() const {
  absl::MutexLock lock(&mutex_);
  LruCacheStats stats;
  stats.bytes = bytes_;
  // Holders of the table are alive while the mutex is held, so this cannot become negative.
  stats.pinned = account_->load(std::memory_order_relaxed) - bytes_;
  stats.limit = capacity_;
  stats.entries = table_.size();
  stats.hits = hits_;
  stats.misses = misses_;
  stats.evicted = evicted_;
  return stats;
}

}  // namespace cbzfs

#endif  // CBZFS_CACHE_LRU_CACHE_INL_H_
