#include "fs/command/status_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cbzfs {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

nlohmann::json Sample() {
  return {{"pid", 42},
          {"version", "1.2"},
          {"library", "/lib"},
          {"views", {"cbz", "pages"}},
          {"pages", {{"drawn", 100}, {"failed", 0}}},
          {"cache", {{"bytes", 128 << 20}, {"limit", 256 << 20}, {"hits", 3}, {"misses", 1}}},
          {"memory", {{"limit", 512 << 20}, {"daemon_pss", 64 << 20}, {"workers_pss", 192 << 20}}},
          {"queue", {{"waiting", 7}, {"running", 2}}},
          {"errors", 0}};
}

TEST(StatusScreenTest, Figures) {
  const auto lines = StatusLines("/mnt", Sample(), nullptr, 0);
  EXPECT_EQ(lines.front(), "cbzfs 1.2  /lib at /mnt  pid 42");
  EXPECT_THAT(lines, Contains("views     cbz pages"));
  EXPECT_THAT(lines, Contains(StartsWith("pages     drawn 100  enhanced 0")));
  EXPECT_THAT(lines, Contains(HasSubstr("[##########----------] 128 MiB of 256 MiB")));
  EXPECT_THAT(lines, Contains(HasSubstr("hits 3 of 4 (75.0 %)")));
  EXPECT_THAT(lines, Contains(HasSubstr("256 MiB of 512 MiB: daemon 64 MiB, workers 192 MiB")));
  EXPECT_THAT(lines, Contains("queue     7 waiting, 2 at workers"));
  EXPECT_EQ(lines.back(), "errors    none");
  EXPECT_THAT(lines, Not(Contains(StartsWith("store"))));
}

TEST(StatusScreenTest, RatesFollowFromTwoLooks) {
  nlohmann::json before = Sample();
  before["pages"]["drawn"] = 75;
  EXPECT_THAT(StatusLines("/mnt", Sample(), before, 2), Contains(HasSubstr("drawn 100 (+12.5/s)")));
  // Mounted anew meanwhile.
  before["pages"]["drawn"] = 200;
  EXPECT_THAT(StatusLines("/mnt", Sample(), before, 2), Contains(HasSubstr("drawn 100  ")));
}

TEST(StatusScreenTest, WhatIsThereOnlySometimes) {
  nlohmann::json now = Sample();
  now["errors"] = 2;
  now["store"] = {{"pages", 5}, {"trouble", "no room"}};
  now["memory"]["pressed"] = true;
  now["workers"] = {{"alive", 2}, {"crashed", 1}};
  const auto lines = StatusLines("/mnt", now, nullptr, 0);
  EXPECT_EQ(lines.back(), "errors    2: see /mnt/.cbzfs/errors");
  EXPECT_THAT(lines, Contains(HasSubstr("trouble: no room")));
  EXPECT_THAT(lines, Contains(HasSubstr("the machine runs short")));
  EXPECT_THAT(lines, Contains("workers   2 alive  crashed 1"));
}

TEST(StatusScreenTest, AStatusOfAnotherVersionIsShownAsFarAsItGoes) {
  EXPECT_FALSE(StatusLines("/mnt", nlohmann::json::object(), nullptr, 0).empty());
  nlohmann::json odd = Sample();
  odd["pages"] = "many";
  odd["views"] = 7;
  EXPECT_FALSE(StatusLines("/mnt", odd, odd, 1).empty());
}

}  // namespace
}  // namespace cbzfs
