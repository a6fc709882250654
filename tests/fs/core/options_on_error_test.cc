#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "fs/core/options.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(OnErrorOption, TakesItsThreeWords) {
  EXPECT_EQ(Options().on_error, OnError::kAuto);
  const std::pair<const char*, OnError> words[] = {
      {"auto", OnError::kAuto}, {"page", OnError::kPage}, {"eio", OnError::kEio}};
  for (const auto& [word, value] : words) {
    Options options;
    options.on_error = value == OnError::kAuto ? OnError::kEio : OnError::kAuto;
    ASSERT_TRUE(ParseMountOptions(std::string("on_error=") + word, &options).ok()) << word;
    EXPECT_EQ(options.on_error, value);
  }
  for (const char* list : {"on_error=EIO", "on_error=", "on_error", "on_error=page "}) {
    Options options;
    const absl::Status status = ParseMountOptions(list, &options);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << list;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("on_error"), HasSubstr("auto, page or eio")));
  }
}

}  // namespace
}  // namespace cbzfs
