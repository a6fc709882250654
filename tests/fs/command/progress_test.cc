#include "fs/command/progress.h"

#include <gtest/gtest.h>

#include "fs/command/text.h"

namespace cbzfs {
namespace {

constexpr ProgressCounts kHalf = {
    .done = 3, .total = 12, .share = 0.25, .pages = 100, .bytes = 10 << 20};

TEST(ProgressTest, OneLineSaysAll) {
  EXPECT_EQ(ProgressLine(kHalf, "files", 10, "Deep/Foo.cbz", 200),
            "[####------------]  3/12 files  10.0 pages/s  1.0 MiB/s  30 s left  Deep/Foo.cbz");
}

TEST(ProgressTest, NoGuessFromNothing) {
  EXPECT_EQ(ProgressLine({.total = 12}, "files", 10, "", 200),
            "[----------------]  0/12 files  0.0 pages/s  0 B/s");
  EXPECT_EQ(ProgressLine(kHalf, "files", 0, "", 200), "[####------------]  3/12 files");
}

TEST(ProgressTest, NeverWiderThanTheTerminal) {
  for (size_t columns = 0; columns < 120; ++columns) {
    EXPECT_LE(WidthOf(ProgressLine(kHalf, "files", 10, std::string(300, 'x'), columns)), columns);
  }
  EXPECT_EQ(ProgressLine(kHalf, "files", 10, "Deep/er/and/deeper/Foo.cbz", 32),
            "[####------------]  3/12 files");
}

}  // namespace
}  // namespace cbzfs
