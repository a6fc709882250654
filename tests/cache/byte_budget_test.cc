#include "cache/byte_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace cbzfs {
namespace {

TEST(ByteBudgetTest, AdmitsUpToTheLimit) {
  ByteBudget budget(100);
  auto a = budget.TryReserve(60);
  ASSERT_TRUE(a.has_value());
  EXPECT_EQ(a->bytes(), 60u);
  EXPECT_FALSE(budget.TryReserve(41).has_value());
  auto b = budget.TryReserve(40);
  ASSERT_TRUE(b.has_value());
  EXPECT_EQ(budget.reserved(), 100u);
  EXPECT_FALSE(budget.TryReserve(1).has_value());
  a.reset();
  EXPECT_EQ(budget.reserved(), 40u);
  EXPECT_EQ(budget.limit(), 100u);
}

TEST(ByteBudgetTest, ARequestOverTheLimitIsAdmittedAlone) {
  ByteBudget budget(100);
  auto small = budget.TryReserve(1);
  EXPECT_FALSE(budget.TryReserve(1000).has_value());
  small.reset();
  auto big = budget.TryReserve(1000);
  ASSERT_TRUE(big.has_value());
  EXPECT_EQ(budget.reserved(), 1000u);
  EXPECT_FALSE(budget.TryReserve(1).has_value());
  big.reset();
  EXPECT_TRUE(budget.TryReserve(1).has_value());
}

TEST(ByteBudgetTest, ALimitOfZeroAdmitsOneAtATime) {
  ByteBudget budget(0);
  auto one = budget.TryReserve(5);
  ASSERT_TRUE(one.has_value());
  EXPECT_FALSE(budget.TryReserve(5).has_value());
  one.reset();
  EXPECT_TRUE(budget.TryReserve(5).has_value());
}

TEST(ByteBudgetTest, HugeRequestsDoNotOverflow) {
  ByteBudget budget(100);
  auto a = budget.TryReserve(50);
  EXPECT_FALSE(budget.TryReserve(UINT64_MAX).has_value());
  EXPECT_FALSE(budget.TryReserve(UINT64_MAX - 49).has_value());
  EXPECT_EQ(budget.reserved(), 50u);
}

TEST(ByteBudgetTest, MovingKeepsAndAssigningReleases) {
  ByteBudget budget(100);
  ByteBudget::Reservation a = *budget.TryReserve(30);
  ByteBudget::Reservation b = std::move(a);
  EXPECT_EQ(a.bytes(), 0u);
  EXPECT_EQ(budget.reserved(), 30u);
  b = *budget.TryReserve(20);
  EXPECT_EQ(budget.reserved(), 20u);
  b.Release();
  b.Release();
  EXPECT_EQ(b.bytes(), 0u);
  EXPECT_EQ(budget.reserved(), 0u);
}

TEST(ByteBudgetTest, ShrinkingGivesTheDifferenceBack) {
  int told = 0;
  ByteBudget budget(100, [&] { ++told; });
  auto a = *budget.TryReserve(80);
  a.ShrinkTo(90);
  EXPECT_EQ(a.bytes(), 80u);
  EXPECT_EQ(told, 0);
  a.ShrinkTo(30);
  EXPECT_EQ(a.bytes(), 30u);
  EXPECT_EQ(budget.reserved(), 30u);
  EXPECT_EQ(told, 1);
  a.Release();
  EXPECT_EQ(budget.reserved(), 0u);
  EXPECT_EQ(told, 2);
}

TEST(ByteBudgetTest, TheListenerMayReserve) {
  std::vector<uint64_t> queue = {70};
  ByteBudget* self = nullptr;
  std::optional<ByteBudget::Reservation>* place = nullptr;
  ByteBudget budget(100, [&] {
    if (queue.empty()) return;
    *place = self->TryReserve(queue.back());
    queue.pop_back();
  });
  std::optional<ByteBudget::Reservation> next;
  self = &budget;
  place = &next;
  auto first = budget.TryReserve(80);
  EXPECT_FALSE(budget.TryReserve(70).has_value());
  first.reset();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(budget.reserved(), 70u);
}

TEST(ByteBudgetTest, ManyThreadsNeverPassTheLimitAndEndAtZero) {
  constexpr uint64_t kLimit = 1000;
  std::atomic<uint64_t> told{0};
  std::atomic<uint64_t> admitted{0};
  ByteBudget budget(kLimit, [&] { ++told; });
  std::vector<std::thread> threads;
  for (uint64_t t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t round = 0; round < 20000; ++round) {
        auto one = budget.TryReserve(t * 97);
        auto two = budget.TryReserve(1 + round % 300);
        EXPECT_LE(budget.reserved(), kLimit);
        admitted += one.has_value();
        admitted += two.has_value();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(budget.reserved(), 0u);
  EXPECT_EQ(told.load(), admitted.load());
}

}  // namespace
}  // namespace cbzfs
