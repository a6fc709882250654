#include "fs/command/text.h"

#include <gtest/gtest.h>

namespace cbzfs {
namespace {

TEST(CommandTextTest, Bytes) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1024), "1.0 KiB");
  EXPECT_EQ(BytesText(10'189), "10 KiB");
  EXPECT_EQ(BytesText(1'048'575), "1.0 MiB");  // not 1024 KiB
  EXPECT_EQ(BytesText(23ull << 30), "23 GiB");
  EXPECT_EQ(BytesText(UINT64_MAX), "16 EiB");
}

TEST(CommandTextTest, Durations) {
  EXPECT_EQ(DurationText(-1), "0 s");
  EXPECT_EQ(DurationText(59.4), "59 s");
  EXPECT_EQ(DurationText(59.6), "1:00");
  EXPECT_EQ(DurationText(3599), "59:59");
  EXPECT_EQ(DurationText(7385), "2:03:05");
}

TEST(CommandTextTest, Counts) {
  EXPECT_EQ(CountText(1, "page"), "1 page");
  EXPECT_EQ(CountText(0, "page"), "0 pages");
}

TEST(CommandTextTest, WhatIsTooWideLosesItsMiddle) {
  EXPECT_EQ(FitWidth("short", 5), "short");
  EXPECT_EQ(FitWidth("0123456789", 9), "012...789");
  EXPECT_EQ(FitWidth("0123456789", 2), "01");
  EXPECT_EQ(FitWidth("0123456789", 0), "");
  // Characters are not cut, and count once.
  const std::string umlauts = "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4";
  EXPECT_EQ(WidthOf(umlauts), 10u);
  EXPECT_EQ(FitWidth(umlauts, 10), umlauts);
  EXPECT_EQ(FitWidth(umlauts, 7), "\u00e4\u00f6...\u00fc\u00e4");
}

}  // namespace
}  // namespace cbzfs
