// The options about memory.

#include "fs/core/options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

TEST(MemoryOptionsTest, ThresholdsAreSizes) {
  Options options;
  EXPECT_EQ(options.memory_warn, 0u);
  EXPECT_EQ(options.memory_trim, 0u);
  ASSERT_TRUE(ParseMountOptions("memory_warn=2G,memory_trim=1500000", &options).ok());
  EXPECT_EQ(options.memory_warn, 2ull << 30);
  EXPECT_EQ(options.memory_trim, 1'500'000u);
}

TEST(MemoryOptionsTest, OtherValuesAreRefused) {
  for (const char* list : {"memory_warn", "memory_warn=", "memory_warn=0", "memory_trim=-1",
                           "memory_trim=much", "memory_trim=0"}) {
    Options options;
    const absl::Status status = ParseMountOptions(list, &options);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << list;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("memory_"));
    EXPECT_EQ(options.memory_warn + options.memory_trim, 0u);
  }
}

}  // namespace
}  // namespace cbzfs
