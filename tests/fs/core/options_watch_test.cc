// The options about changes of the library.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "fs/core/options.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;

TEST(WatchOptions, FoldersAreWatchedByDefault) { EXPECT_EQ(Options().watch, -1); }

TEST(WatchOptions, TakesANumberOfFoldersOrNo) {
  Options options;
  EXPECT_TRUE(ParseMountOptions("watch=500", &options).ok());
  EXPECT_EQ(options.watch, 500);
  EXPECT_TRUE(ParseMountOptions("watch=no", &options).ok());
  EXPECT_EQ(options.watch, 0);
}

TEST(WatchOptions, RefusesAnythingElse) {
  for (const std::string_view list : {"watch", "watch=", "watch=0", "watch=-1", "watch=yes",
                                      "watch=1000001", "watch=99999999999999999999"}) {
    Options options;
    const absl::Status status = ParseMountOptions(list, &options);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << list << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("watch")) << list;
    EXPECT_EQ(options.watch, -1) << list;
  }
}

}  // namespace
}  // namespace cbzfs
