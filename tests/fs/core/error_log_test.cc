#include "fs/core/error_log.h"

#include <gtest/gtest.h>

#include <string>

namespace cbzfs {
namespace {

TEST(ErrorLogTest, OneLinePerFailure) {
  ErrorLog log;
  log.Report("a/b.pdf", 3, "cannot be drawn", "replace it", "an error");
  log.Report("c.pdf", 0, "a password is needed");
  EXPECT_EQ(log.Text(),
            "a/b.pdf\t3\tcannot be drawn\treplace it\nc.pdf\t-\ta password is needed\t\n");
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
  EXPECT_EQ(log.Text(), "a\\x0ab\\x09\\\\\\xff\xc3\xa4.pdf\t-\tbad\\x0anews\t\n");
}

TEST(ErrorLogTest, OldestGoFirstAndAreCounted) {
  ErrorLog log(2);
  for (uint32_t page = 1; page <= 4; ++page) log.Report("a.pdf", page, "x");
  EXPECT_EQ(log.Text(), "# 2 older failures are not shown\na.pdf\t3\tx\t\na.pdf\t4\tx\t\n");
  // What was dropped may be reported again.
  log.Report("a.pdf", 1, "x");
  EXPECT_EQ(log.Text(), "# 3 older failures are not shown\na.pdf\t4\tx\t\na.pdf\t1\tx\t\n");
}

TEST(ErrorLogTest, ClearForgetsOneFile) {
  ErrorLog log;
  log.Report("a.pdf", 1, "x");
  log.Report("b.pdf", 1, "x");
  log.Clear("a.pdf");
  EXPECT_EQ(log.Text(), "b.pdf\t1\tx\t\n");
  log.Report("a.pdf", 1, "x");
  EXPECT_EQ(log.size(), 2u);
}

TEST(ErrorLogTest, WithdrawTakesBackOneFailureOfAPage) {
  ErrorLog log;
  for (const char* reason : {"x", "y"}) {
    for (const uint32_t page : {0, 1, 2}) log.Report("a.pdf", page, reason);
  }
  log.Withdraw("a.pdf", 1, "x");
  log.Withdraw("a.pdf", 1, "never said");
  log.Withdraw("b.pdf", 1, "x");
  EXPECT_EQ(log.Text(),
            "a.pdf\t-\tx\t\na.pdf\t2\tx\t\na.pdf\t-\ty\t\na.pdf\t1\ty\t\na.pdf\t2\ty\t\n");
  log.Report("a.pdf", 1, "x");  // it is news again
  EXPECT_EQ(log.size(), 6u);
  log.Clear("a.pdf");
  EXPECT_EQ(log.size(), 0u);
}

TEST(ErrorLogTest, TextsAreBounded) {
  ErrorLog log;
  log.Report("a.pdf", 1, std::string(100'000, 'r'), std::string(100'000, '\n'));
  EXPECT_LE(log.Text().size(), ErrorLog::kMaxReasonBytes + ErrorLog::kMaxAdviceBytes + 20);
  log.Report("a.pdf", 1, std::string(200'000, 'r'));
  EXPECT_EQ(log.size(), 1u) << "what is cut off tells nothing apart";
}

TEST(ErrorLogTest, TheWholeIsBoundedInBytes) {
  ErrorLog log(10'000, 10'000);
  for (uint32_t page = 1; page <= 1000; ++page) log.Report("a.pdf", page, std::string(90, 'x'));
  EXPECT_LE(log.Text().size(), 12'000u);
  EXPECT_GT(log.size(), 50u);
  const std::string longest(20'000, 'n');
  log.Report(longest, 1, "x");
  EXPECT_EQ(log.size(), 1u) << "the newest stays, however long";
}

TEST(ErrorLogTest, ShortensAtACharacter) {
  EXPECT_EQ(Shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(Shorten("abcdefg", 6), "abc...");
  EXPECT_EQ(Shorten("ab\xC3\xA4\xC3\xA4", 6), "ab\xC3\xA4\xC3\xA4");
  EXPECT_EQ(Shorten("ab\xC3\xA4\xC3\xA4g", 6), "ab...");
}

}  // namespace
}  // namespace cbzfs
