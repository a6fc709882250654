#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "codecs/document/utf8.h"
#include "fs/core/notice.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(NoticeText, NamesFilePageReasonAndRemedy) {
  EXPECT_EQ(NoticeText({.path = "A/B.pdf", .page = 3, .reason = "broken", .advice = "mend it"}),
            "This page could not be made\nFile\tB.pdf\nPage\t3\nWhat is wrong\tbroken\n"
            "What can be done\tmend it");
  EXPECT_EQ(NoticeText({.path = "C.png", .page = 0, .reason = "broken", .advice = "mend it"}),
            "This page could not be made\nFile\tC.png\nWhat is wrong\tbroken\n"
            "What can be done\tmend it");
}

TEST(NoticeText, NamesCannotForgeLinesAndAreBounded) {
  EXPECT_THAT(NoticeText({.path = "a\nb\tc\xFF.pdf", .page = 1, .reason = "r\ns", .advice = "x"}),
              HasSubstr("File\ta\\x0ab\\x09c\\xff.pdf\nPage\t1\nWhat is wrong\tr\\x0as\n"));
  const std::string endless(100'000, '\x01');
  const std::string text =
      NoticeText({.path = endless, .page = 1, .reason = endless, .advice = endless});
  EXPECT_LT(text.size(), 4096u);
  EXPECT_TRUE(IsValidUtf8(text));
}

TEST(NoticeText, ClockTimesAreLeftOut) {
  const std::string text = NoticeText({.path = "a.pdf",
                                       .page = 1,
                                       .reason = "put aside until 09:22: it hung workers 3 times",
                                       .advice = "wait"});
  EXPECT_THAT(text, HasSubstr("put aside for a while: it hung workers 3 times"));
  EXPECT_THAT(text, Not(HasSubstr("09:22")));
}

}  // namespace
}  // namespace cbzfs
