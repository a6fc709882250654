#include "cache/lru_cache.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace cbzfs {
namespace {

using Cache = LruCache<int, std::string>;

std::shared_ptr<const std::string> Text(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

// Inserts and lets go at once.
void Put(Cache& cache, int key, uint64_t charge, const std::string& text = "x") {
  cache.Insert(key, Text(text), charge);
}

TEST(LruCacheTest, HitAndMiss) {
  Cache cache(100);
  EXPECT_EQ(cache.Find(1), nullptr);
  Put(cache, 1, 10, "one");
  ASSERT_NE(cache.Find(1), nullptr);
  EXPECT_EQ(*cache.Find(1), "one");
  EXPECT_EQ(cache.Find(2), nullptr);

  const LruCacheStats stats = cache.stats();
  EXPECT_EQ(stats.hits, 2u);
  EXPECT_EQ(stats.misses, 2u);
  EXPECT_EQ(stats.entries, 1u);
  EXPECT_EQ(stats.bytes, 10u);
  EXPECT_EQ(stats.limit, 100u);
}

TEST(LruCacheTest, ContainsNeitherCountsNorMoves) {
  Cache cache(20);
  Put(cache, 1, 10);
  Put(cache, 2, 10);
  EXPECT_TRUE(cache.Contains(1));
  EXPECT_FALSE(cache.Contains(3));
  Put(cache, 3, 10);  // 1 is still the oldest
  EXPECT_FALSE(cache.Contains(1));
  EXPECT_EQ(cache.stats().hits, 0u);
  EXPECT_EQ(cache.stats().misses, 0u);
}

TEST(LruCacheTest, TheLongestUnusedIsEvicted) {
  Cache cache(30);
  for (int key : {1, 2, 3}) Put(cache, key, 10);
  EXPECT_NE(cache.Find(1), nullptr);
  Put(cache, 4, 10);
  EXPECT_TRUE(cache.Contains(1));
  EXPECT_FALSE(cache.Contains(2));
  EXPECT_TRUE(cache.Contains(3));
  EXPECT_EQ(cache.stats().evicted, 1u);
}

TEST(LruCacheTest, OneBigEntryEvictsAsManyAsItNeeds) {
  Cache cache(100);
  for (int key = 0; key < 10; ++key) Put(cache, key, 10);
  Put(cache, 99, 35);
  EXPECT_EQ(cache.stats().entries, 7u);
  EXPECT_EQ(cache.stats().bytes, 95u);
  EXPECT_FALSE(cache.Contains(3));
  EXPECT_TRUE(cache.Contains(4));
}

TEST(LruCacheTest, ReplacingChargesOnlyTheNewValue) {
  Cache cache(100);
  Put(cache, 1, 60, "old");
  Put(cache, 1, 70, "new");
  EXPECT_EQ(*cache.Find(1), "new");
  EXPECT_EQ(cache.stats().bytes, 70u);
  EXPECT_EQ(cache.stats().entries, 1u);
  EXPECT_EQ(cache.stats().evicted, 0u);
}

TEST(LruCacheTest, EntriesArePinned) {
  Cache cache(30);
  auto held = cache.Insert(1, Text("held"), 10);
  for (int key = 2; key < 100; ++key) Put(cache, key, 10);
  // In use, so it is still found; only the others made room.
  EXPECT_EQ(cache.Find(1), held);
  EXPECT_EQ(cache.stats().bytes, 30u);
  EXPECT_EQ(cache.stats().pinned, 0u);

  held.reset();
  for (int key = 2; key < 100; ++key) Put(cache, key, 10);
  EXPECT_FALSE(cache.Contains(1));
}

TEST(LruCacheTest, RestrictedItKeepsLessUntilItIsNot) {
  Cache cache(100);
  auto held = cache.Insert(1, Text("held"), 30);
  for (int key = 2; key < 9; ++key) Put(cache, key, 10);
  EXPECT_EQ(cache.Restrict(45), 40u) << "the newest, and what is held";
  EXPECT_TRUE(cache.Contains(1));
  EXPECT_TRUE(cache.Contains(8));
  Put(cache, 10, 10);
  EXPECT_FALSE(cache.Contains(8));
  EXPECT_EQ(cache.stats().limit, 100u);
  auto large = cache.Insert(11, Text("large"), 50);
  EXPECT_FALSE(cache.Contains(11)) << "over what it may keep now";
  EXPECT_EQ(cache.Restrict(0), 80u) << "what others hold cannot go";
  large.reset();
  held.reset();
  EXPECT_EQ(cache.Restrict(0), 0u);
  EXPECT_EQ(cache.Restrict(1000), 0u);
  Put(cache, 12, 100);
  EXPECT_TRUE(cache.Contains(12));
  Put(cache, 13, 101);
  EXPECT_FALSE(cache.Contains(13)) << "never over its capacity";
}

TEST(LruCacheTest, APointerFromFindPinsToo) {
  Cache cache(30);
  Put(cache, 1, 10, "held");
  auto held = cache.Find(1);
  for (int key = 2; key < 100; ++key) Put(cache, key, 10);
  EXPECT_TRUE(cache.Contains(1));
  EXPECT_EQ(*held, "held");
}

TEST(LruCacheTest, UseExceedsCacheSizeWhileEntriesAreHeldAndComesDownAfter) {
  Cache cache(100);
  std::vector<Cache::Pointer> held;
  for (int key = 0; key < 30; ++key) held.push_back(cache.Insert(key, Text("x"), 10));
  for (int key = 0; key < 30; ++key) EXPECT_EQ(cache.Find(key), held[key]);
  EXPECT_EQ(cache.stats().bytes, 300u);
  held.clear();
  Put(cache, 1000, 10);
  EXPECT_EQ(cache.stats().bytes, 100u);
  EXPECT_TRUE(cache.Contains(1000));
}

TEST(LruCacheTest, ErasedWhileHeldStaysAliveAndCharged) {
  Cache cache(100);
  Put(cache, 1, 40, "held");
  auto held = cache.Find(1);
  auto again = held;
  EXPECT_TRUE(cache.Erase(1));
  EXPECT_FALSE(cache.Erase(1));
  EXPECT_EQ(cache.Find(1), nullptr);
  EXPECT_EQ(*held, "held");
  EXPECT_EQ(cache.stats().bytes, 0u);
  EXPECT_EQ(cache.stats().pinned, 40u);
  held.reset();
  EXPECT_EQ(cache.stats().pinned, 40u);  // there is another holder
  again.reset();
  EXPECT_EQ(cache.stats().pinned, 0u);
}

TEST(LruCacheTest, ReplacedWhileHeldIsChargedBesidesTheNewValue) {
  Cache cache(100);
  auto held = cache.Insert(1, Text("old"), 40);
  Put(cache, 1, 50, "new");
  EXPECT_EQ(*held, "old");
  EXPECT_EQ(cache.stats().bytes, 50u);
  EXPECT_EQ(cache.stats().pinned, 40u);
}

TEST(LruCacheTest, AnEntryOverTheCapacityIsNotKeptAndFlushesNothing) {
  Cache cache(100);
  for (int key = 0; key < 10; ++key) Put(cache, key, 10);
  auto big = cache.Insert(50, Text("big"), 101);
  EXPECT_EQ(*big, "big");
  EXPECT_FALSE(cache.Contains(50));
  EXPECT_EQ(cache.stats().entries, 10u);
  EXPECT_EQ(cache.stats().pinned, 101u);
  big.reset();
  EXPECT_EQ(cache.stats().pinned, 0u);
}

TEST(LruCacheTest, AnEntryOverTheCapacityStillReplacesTheStaleOne) {
  Cache cache(100);
  Put(cache, 1, 10, "stale");
  Put(cache, 1, 101, "fresh");
  EXPECT_EQ(cache.Find(1), nullptr);
}

TEST(LruCacheTest, AnEntryOfExactlyTheCapacityIsKept) {
  Cache cache(100);
  Put(cache, 1, 10);
  Put(cache, 2, 100);
  EXPECT_TRUE(cache.Contains(2));
  EXPECT_EQ(cache.stats().bytes, 100u);
}

TEST(LruCacheTest, CapacityZeroIsOff) {
  Cache cache(0);
  EXPECT_EQ(*cache.Insert(1, Text("one"), 10), "one");
  Put(cache, 2, 0);
  EXPECT_EQ(cache.Find(1), nullptr);
  EXPECT_EQ(cache.Find(2), nullptr);
  EXPECT_EQ(cache.stats().entries, 0u);
}

TEST(LruCacheTest, TrimFreesTheOldestAndPassesOverHeldOnes) {
  Cache cache(100);
  auto held = cache.Insert(0, Text("held"), 10);
  for (int key = 1; key < 10; ++key) Put(cache, key, 10);
  EXPECT_EQ(cache.Trim(50), 50u);
  EXPECT_TRUE(cache.Contains(0));
  EXPECT_FALSE(cache.Contains(5));
  EXPECT_TRUE(cache.Contains(6));
  EXPECT_EQ(cache.Trim(0), 40u);
  EXPECT_EQ(cache.stats().bytes, 10u);
  EXPECT_EQ(cache.stats().evicted, 9u);
  EXPECT_EQ(cache.Trim(10), 0u);
}

TEST(LruCacheTest, EraseIfSeesKeysAndValues) {
  Cache cache(100);
  for (int key = 0; key < 10; ++key) Put(cache, key, 10, key == 7 ? "seven" : "x");
  EXPECT_EQ(cache.EraseIf(
                [](int key, const std::string& value) { return key % 2 == 0 || value == "seven"; }),
            6u);
  EXPECT_EQ(cache.stats().entries, 4u);
  EXPECT_EQ(cache.stats().bytes, 40u);
  EXPECT_EQ(cache.stats().evicted, 0u);
  EXPECT_FALSE(cache.Contains(7));
  EXPECT_TRUE(cache.Contains(9));
}

TEST(LruCacheTest, PointersOutliveTheCache) {
  Cache::Pointer held;
  {
    Cache cache(100);
    held = cache.Insert(1, Text("held"), 10);
  }
  EXPECT_EQ(*held, "held");
}

// A value whose destructor calls back: it would deadlock if it ran under the cache's mutex.
struct Caller {
  std::function<void()> at_end;
  ~Caller() {
    if (at_end) at_end();
  }
};

TEST(LruCacheTest, ValuesAreFreedOutsideTheLock) {
  LruCache<int, Caller> cache(30);
  int ended = 0;
  auto caller = [&] {
    return std::shared_ptr<const Caller>(new Caller{[&] {
      cache.stats();
      ++ended;
    }});
  };
  for (int key = 0; key < 4; ++key) cache.Insert(key, caller(), 10);
  EXPECT_EQ(ended, 1);  // evicted
  cache.Insert(3, caller(), 10);
  EXPECT_EQ(ended, 2);  // replaced
  cache.Erase(3);
  EXPECT_EQ(ended, 3);
  cache.EraseIf([](int key, const Caller&) { return key == 1; });
  EXPECT_EQ(ended, 4);
  cache.Trim(0);
  EXPECT_EQ(ended, 5);
}

TEST(LruCacheTest, ManyThreadsLeaveExactAccounts) {
  constexpr int kThreads = 4, kRounds = 20000, kKeys = 64;
  Cache cache(200);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&cache, t] {
      std::minstd_rand random(t + 1);
      std::vector<Cache::Pointer> held(4);
      for (int round = 0; round < kRounds; ++round) {
        const int key = random() % kKeys;
        auto value = cache.Find(key);
        if (!value) value = cache.Insert(key, Text(std::to_string(key)), 1 + key % 10);
        ASSERT_EQ(*value, std::to_string(key));
        held[round % held.size()] = std::move(value);
        if (round % 97 == 0) cache.Erase(random() % kKeys);
        if (round % 501 == 0) cache.Trim(random() % 200);
      }
    });
  }
  for (auto& thread : threads) thread.join();

  LruCacheStats stats = cache.stats();
  EXPECT_EQ(stats.hits + stats.misses, uint64_t{kThreads} * kRounds);
  EXPECT_EQ(stats.pinned, 0u);
  cache.Trim(0);
  stats = cache.stats();
  EXPECT_EQ(stats.bytes, 0u);
  EXPECT_EQ(stats.entries, 0u);
}

}  // namespace
}  // namespace cbzfs
