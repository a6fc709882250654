// -o sandbox=strict|off

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "fs/core/options.h"

namespace cbzfs {
namespace {

TEST(SandboxOption, IsStrictUnlessSaidOtherwise) {
  Options options;
  EXPECT_TRUE(options.sandbox);
  EXPECT_TRUE(ParseMountOptions("sandbox=off", &options).ok());
  EXPECT_FALSE(options.sandbox);
  EXPECT_TRUE(ParseMountOptions("sandbox=off,sandbox=strict", &options).ok());
  EXPECT_TRUE(options.sandbox);
}

TEST(SandboxOption, TakesTheTwoWordsOnly) {
  for (const char* list : {"sandbox", "sandbox=", "sandbox=no", "sandbox=OFF", "sandbox=0"}) {
    Options options;
    const absl::Status status = ParseMountOptions(list, &options);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << list;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("strict or off"));
    EXPECT_TRUE(options.sandbox) << list;
  }
}

}  // namespace
}  // namespace cbzfs
