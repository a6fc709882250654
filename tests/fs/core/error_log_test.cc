#include "fs/core/error_log.h"

#include <gtest/gtest.h>

namespace cbzfs {
namespace {

TEST(ErrorLogTest, OneLinePerFailure) {
  ErrorLog log;
  log.Report("a/b.pdf", 3, "cannot be drawn");
  log.Report("c.pdf", 0, "a password is needed");
  EXPECT_EQ(log.Text(), "a/b.pdf\t3\tcannot be drawn\nc.pdf\t-\ta password is needed\n");
}

TEST(ErrorLogTest, TheSameFailureIsListedOnce) {
  ErrorLog log;
  log.Report("a.pdf", 1, "x");
  log.Report("a.pdf", 1, "x");
  log.Report("a.pdf", 2, "x");
  EXPECT_EQ(log.size(), 2u);
}

TEST(ErrorLogTest, NamesCannotForgeLines) {
  ErrorLog log;
  log.Report("a\nb\t\\\xff\xc3\xa4.pdf", 0, "bad\nnews");
  EXPECT_EQ(log.Text(), "a\\x0ab\\x09\\\\\\xff\xc3\xa4.pdf\t-\tbad\\x0anews\n");
}

TEST(ErrorLogTest, OldestGoFirstAndAreCounted) {
  ErrorLog log(2);
  for (uint32_t page = 1; page <= 4; ++page) log.Report("a.pdf", page, "x");
  EXPECT_EQ(log.Text(), "# 2 older failures are not shown\na.pdf\t3\tx\na.pdf\t4\tx\n");
  // What was dropped may be reported again.
  log.Report("a.pdf", 1, "x");
  EXPECT_EQ(log.Text(), "# 3 older failures are not shown\na.pdf\t4\tx\na.pdf\t1\tx\n");
}

TEST(ErrorLogTest, ClearForgetsOneFile) {
  ErrorLog log;
  log.Report("a.pdf", 1, "x");
  log.Report("b.pdf", 1, "x");
  log.Clear("a.pdf");
  EXPECT_EQ(log.Text(), "b.pdf\t1\tx\n");
  log.Report("a.pdf", 1, "x");
  EXPECT_EQ(log.size(), 2u);
}

}  // namespace
}  // namespace cbzfs
