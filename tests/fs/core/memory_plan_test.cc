// How the budget is cut up.

#include "fs/core/memory_plan.h"

#include "gtest/gtest.h"

namespace cbzfs {
namespace {

constexpr uint64_t kMiB = 1 << 20;

TEST(MemoryPlanTest, SharesAddUp) {
  for (const uint64_t memory : {64 * kMiB, 200 * kMiB, 512 * kMiB, 8192 * kMiB}) {
    for (const uint32_t workers : {1u, 2u, 16u, 256u}) {
      const MemoryShares shares = ShareMemory(memory, workers);
      EXPECT_EQ(shares.base + shares.reserve + shares.shared, memory);
      EXPECT_GE(shares.shared, memory / 4);
      EXPECT_GE(shares.alone, shares.shared);
      EXPECT_LE(shares.alone + shares.reserve, memory);
    }
  }
}

TEST(MemoryPlanTest, TheDefaultHasRoomForAPageOfAnyKind) {
  // 50 megapixels: the raster, the decoded image and the coefficients of a progressive JPEG.
  EXPECT_GE(ShareMemory(512 * kMiB, 16).alone, 3ull * 3 * 50'000'000 - 10 * kMiB);
  EXPECT_GE(ShareMemory(512 * kMiB, 2).shared, 400 * kMiB);
}

TEST(MemoryPlanTest, ThresholdsAreTheSeedsOrTheBudgets) {
  Options options;
  EXPECT_EQ(MonitorOptionsOf(options).warn_bytes, 1000 * kMiB);
  EXPECT_EQ(MonitorOptionsOf(options).trim_bytes, 500 * kMiB);
  options.memory_bytes = 100 * kMiB;
  EXPECT_EQ(MonitorOptionsOf(options).trim_bytes, 500 * kMiB);
  options.memory_bytes = 2048 * kMiB;
  EXPECT_EQ(MonitorOptionsOf(options).warn_bytes, 2048 * kMiB);
  EXPECT_EQ(MonitorOptionsOf(options).trim_bytes, 2048 * kMiB);
  options.memory_warn = kMiB;
  options.memory_trim = 2 * kMiB;
  options.report_memory = true;
  EXPECT_EQ(MonitorOptionsOf(options).warn_bytes, kMiB);
  EXPECT_EQ(MonitorOptionsOf(options).trim_bytes, 2 * kMiB);
  EXPECT_TRUE(MonitorOptionsOf(options).report);
  EXPECT_FALSE(MonitorOptionsOf(options).trace);
}

}  // namespace
}  // namespace cbzfs
