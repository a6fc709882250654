#include "fs/logging.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace cbzfs {
namespace {

constexpr LogSurroundings kNothing = {};
constexpr LogSurroundings kJournald = {.journald = true};
constexpr LogSurroundings kService = {.journald = true, .stderr_is_journal = true};

LogTarget Chosen(const std::string& log, bool foreground, const LogSurroundings& surroundings) {
  const auto target = ChooseLogTarget(log, foreground, surroundings);
  EXPECT_TRUE(target.ok()) << target.status();
  return target.value_or(LogTarget::kSyslog);
}

TEST(LogTargetTest, AutoIsStandardErrorInTheForeground) {
  EXPECT_EQ(Chosen("auto", true, kNothing), LogTarget::kStderr);
  EXPECT_EQ(Chosen("auto", true, kJournald), LogTarget::kStderr) << "a shell";
  EXPECT_EQ(Chosen("auto", true, kService), LogTarget::kServiceStderr);
}

TEST(LogTargetTest, AutoIsSyslogInTheBackground) {
  EXPECT_EQ(Chosen("auto", false, kNothing), LogTarget::kSyslog);
  EXPECT_EQ(Chosen("auto", false, kJournald), LogTarget::kSyslog);
  EXPECT_EQ(Chosen("auto", false, kService), LogTarget::kSyslog) << "its standard error is closed";
}

TEST(LogTargetTest, WhatIsAskedForIsTaken) {
  EXPECT_EQ(Chosen("stderr", true, kNothing), LogTarget::kStderr);
  EXPECT_EQ(Chosen("stderr", true, kService), LogTarget::kServiceStderr);
  EXPECT_EQ(Chosen("syslog", true, kService), LogTarget::kSyslog);
  EXPECT_EQ(Chosen("syslog", false, kNothing), LogTarget::kSyslog);
  EXPECT_EQ(Chosen("journal", true, kService), LogTarget::kServiceStderr);
  EXPECT_EQ(Chosen("journal", true, kJournald), LogTarget::kSyslog) << "which journald reads";
  EXPECT_EQ(Chosen("journal", false, kService), LogTarget::kSyslog);
}

TEST(LogTargetTest, WhatCannotBeHadIsRefusedWithAWayOut) {
  const auto nowhere = ChooseLogTarget("stderr", false, kService);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_NE(nowhere.status().message().find("-f"), std::string::npos);
  const auto no_journal = ChooseLogTarget("journal", true, kNothing);
  ASSERT_FALSE(no_journal.ok());
  EXPECT_NE(no_journal.status().message().find("log=syslog"), std::string::npos);
}

TEST(LogTargetTest, ARedirectedStandardErrorIsNotTheJournal) {
  struct stat attr;
  ASSERT_EQ(fstat(STDERR_FILENO, &attr), 0);
  const std::string own = std::to_string(attr.st_dev) + ":" + std::to_string(attr.st_ino);
  setenv("JOURNAL_STREAM", own.c_str(), 1);
  EXPECT_TRUE(FindLogSurroundings().stderr_is_journal);
  setenv("JOURNAL_STREAM", (own + "0").c_str(), 1);
  EXPECT_FALSE(FindLogSurroundings().stderr_is_journal);
  unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(FindLogSurroundings().stderr_is_journal);
}

}  // namespace
}  // namespace cbzfs
