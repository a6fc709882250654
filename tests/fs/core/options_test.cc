#include "fs/core/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Options Parsed(std::string_view list) {
  Options options;
  const absl::Status status = ParseMountOptions(list, &options);
  EXPECT_TRUE(status.ok()) << list << ": " << status;
  return options;
}

std::string Refused(std::string_view list) {
  Options options;
  const absl::Status status = ParseMountOptions(list, &options);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << list << ": " << status;
  return std::string(status.message());
}

TEST(Options, DefaultsAreThoseOfTheDesign) {
  const Options options;
  EXPECT_EQ(options.view, "");
  EXPECT_EQ(options.analyse.dpi, 0u);
  EXPECT_EQ(options.analyse.quality, 85u);
  EXPECT_TRUE(options.analyse.original);
  EXPECT_EQ(options.analyse.box, AnalyseOptions::Box::kCrop);
  EXPECT_EQ(options.layout.guard, 4096u);
  EXPECT_EQ(options.cache_bytes, 256u << 20);
  EXPECT_EQ(options.memory_bytes, 512u << 20);
  EXPECT_EQ(options.ttl, absl::Seconds(1));
  EXPECT_TRUE(CheckOptions(options).ok());
}

TEST(Options, EachOptionSetsItsField) {
  EXPECT_EQ(Parsed("view=cbz").view, "cbz");
  EXPECT_TRUE(Parsed("show_hidden").show_hidden);
  EXPECT_EQ(Parsed("names=seed").layout.names, PageNames::kSeed);
  EXPECT_EQ(Parsed("names=seed,names=number").layout.names, PageNames::kNumber);
  EXPECT_EQ(Parsed("max_pages=12").analyse.max_pages, 12u);
  EXPECT_EQ(Parsed("dpi=36").analyse.dpi, 36u);
  EXPECT_EQ(Parsed("dpi=1200").analyse.dpi, 1200u);
  EXPECT_EQ(Parsed("dpi=300,dpi=auto").analyse.dpi, 0u);
  EXPECT_EQ(Parsed("quality=40").analyse.quality, 40u);
  EXPECT_EQ(Parsed("quality=100").analyse.quality, 100u);
  EXPECT_FALSE(Parsed("original=no").analyse.original);
  EXPECT_TRUE(Parsed("original=no,original=yes").analyse.original);
  EXPECT_EQ(Parsed("box=media").analyse.box, AnalyseOptions::Box::kMedia);
  EXPECT_EQ(Parsed("box=media,box=crop").analyse.box, AnalyseOptions::Box::kCrop);
  EXPECT_EQ(Parsed("guard=0").layout.guard, 0u);
  EXPECT_EQ(Parsed("guard=64k").layout.guard, 65536u);
  EXPECT_EQ(Parsed("guard=0,guard=4k").layout.guard, 4096u);
  EXPECT_EQ(Parsed("workers=3").workers, 3u);
  EXPECT_EQ(Parsed("index=none").index, "none");
  EXPECT_EQ(Parsed("index=/a b/c.db").index, "/a b/c.db");
  EXPECT_EQ(Parsed("read_ahead=0").read_ahead, 0);
  EXPECT_EQ(Parsed("read_ahead=7").read_ahead, 7);
  EXPECT_EQ(Parsed("log_level=trace").log_level, "trace");
}

TEST(Options, SizesTakeSuffixesForPowersOf1024) {
  EXPECT_EQ(Parsed("cache=0").cache_bytes, 0u);
  EXPECT_EQ(Parsed("cache=123456").cache_bytes, 123456u);
  EXPECT_EQ(Parsed("cache=7K").cache_bytes, 7u << 10);
  EXPECT_EQ(Parsed("cache=7k").cache_bytes, 7u << 10);
  EXPECT_EQ(Parsed("cache=1M").cache_bytes, 1u << 20);
  EXPECT_EQ(Parsed("memory=2G").memory_bytes, 2ull << 30);
  EXPECT_EQ(Parsed("memory=1T").memory_bytes, 1ull << 40);
  for (const char* size : {"", "M", "-1", "1.5G", "1Q", "1MB", " 1M", "99999999999G", "0x10"}) {
    EXPECT_THAT(Refused(std::string("cache=") + size), HasSubstr("cache"));
  }
}

TEST(Options, MemoryTooSmallForAPageIsRefused) {
  EXPECT_THAT(Refused("memory=63M"), HasSubstr("64M"));
  EXPECT_EQ(Parsed("memory=64M").memory_bytes, 64u << 20);
}

TEST(Options, SecondsMayBeFractions) {
  EXPECT_EQ(Parsed("ttl=0").ttl, absl::ZeroDuration());
  EXPECT_EQ(Parsed("ttl=0.25").ttl, absl::Milliseconds(250));
  EXPECT_EQ(Parsed("draw_timeout=1.5").draw_timeout, absl::Milliseconds(1500));
  EXPECT_EQ(Parsed("analyse_timeout=60").analyse_timeout, absl::Seconds(60));
  for (const char* seconds : {"", ".", "-1", "inf", "nan", "1e3", "1s", "2000000000"}) {
    EXPECT_THAT(Refused(std::string("ttl=") + seconds), HasSubstr("ttl"));
  }
  EXPECT_THAT(Refused("draw_timeout=0"), HasSubstr("more than 0"));
}

TEST(Options, ValuesOutOfRangeNameTheRange) {
  EXPECT_THAT(Refused("dpi=35"), AllOf(HasSubstr("dpi=35"), HasSubstr("36 to 1200")));
  EXPECT_THAT(Refused("dpi=1201"), HasSubstr("36 to 1200"));
  EXPECT_THAT(Refused("quality=39"), HasSubstr("40 to 100"));
  EXPECT_THAT(Refused("quality=101"), HasSubstr("40 to 100"));
  EXPECT_THAT(Refused("workers=0"), HasSubstr("1 to 256"));
  EXPECT_THAT(Refused("workers=4294967297"), HasSubstr("1 to 256"));
  EXPECT_THAT(Refused("max_pages=0"), HasSubstr("1 to"));
  EXPECT_THAT(Refused("guard=8k"), HasSubstr("4k, 64k or 0"));
  EXPECT_THAT(Refused("view=zip"), HasSubstr("view takes cbz"));
  EXPECT_THAT(Refused("box=trim"), HasSubstr("crop or media"));
  EXPECT_THAT(Refused("profile=other"), HasSubstr("profile takes seed"));
  EXPECT_THAT(Refused("log_level=loud"), HasSubstr("trace, debug"));
  EXPECT_THAT(Refused("index="), HasSubstr("index"));
}

TEST(Options, ARefusedValueChangesNothing) {
  Options options;
  EXPECT_FALSE(ParseMountOptions("index=", &options).ok());
  EXPECT_FALSE(ParseMountOptions("log_level=loud", &options).ok());
  EXPECT_EQ(options.index, "");
  EXPECT_EQ(options.log_level, "info");
}

TEST(Options, ValuesAreWhereTheyBelong) {
  EXPECT_THAT(Refused("dpi"), HasSubstr("needs a value"));
  EXPECT_THAT(Refused("show_hidden=yes"), HasSubstr("takes no value"));
  EXPECT_THAT(Refused("fsname="), HasSubstr("needs a value"));
  EXPECT_THAT(Refused("max_read=much"), HasSubstr("a number"));
  EXPECT_THAT(Refused("nosuid=1"), HasSubstr("takes no value"));
}

TEST(Options, ProfileIsAStartThatLaterOptionsOverride) {
  const Options seed = Parsed("profile=seed");
  EXPECT_EQ(seed.analyse.dpi, 150u);
  EXPECT_EQ(seed.analyse.quality, 75u);
  EXPECT_EQ(seed.analyse.box, AnalyseOptions::Box::kMedia);
  EXPECT_FALSE(seed.analyse.original);
  EXPECT_EQ(seed.layout.names, PageNames::kSeed);
  EXPECT_EQ(Parsed("profile=seed,quality=92").analyse.quality, 92u);
  EXPECT_EQ(Parsed("quality=92,profile=seed").analyse.quality, 75u);
}

TEST(Options, ACommaInAValueIsEscaped) {
  EXPECT_EQ(Parsed("index=/a\\,b,dpi=72").index, "/a,b");
  EXPECT_EQ(Parsed("index=/a\\,b,dpi=72").analyse.dpi, 72u);
  EXPECT_EQ(Parsed("index=/a\\\\,dpi=72").index, "/a\\");
  EXPECT_EQ(Parsed("index=/a\\b").index, "/a\\b");
}

TEST(Options, EmptyItemsAreSkipped) { EXPECT_EQ(Parsed(",,dpi=72,,").analyse.dpi, 72u); }

TEST(Options, UnknownOptionsNameTheNearestKnownOne) {
  EXPECT_THAT(Refused("qaulity=90"), AllOf(HasSubstr("\"qaulity\""), HasSubstr("\"quality\"")));
  EXPECT_THAT(Refused("chache=1G"), HasSubstr("\"cache\""));
  EXPECT_THAT(Refused("allow-other"), HasSubstr("\"allow_other\""));
  EXPECT_THAT(Refused("frobnicate"), Not(HasSubstr("did you mean")));
  EXPECT_THAT(Refused("a"), Not(HasSubstr("did you mean")));
}

TEST(Options, WhatLibfuseKnowsIsPassedOnInOrder) {
  EXPECT_THAT(Parsed("nosuid,noatime,max_read=4096,fsname=a\\,b,subtype=comics").kernel,
              ElementsAre("nosuid", "noatime", "max_read=4096", "fsname=a,b", "subtype=comics"));
}

// mount(8) writes rw, and mount.fuse3 dev and suid, into every list that does not say the opposite.
TEST(Options, WhatMountAddsByItselfIsIgnored) {
  EXPECT_THAT(Parsed("rw,dev,suid").kernel, IsEmpty());
}

TEST(Options, WhatFstabLinesContainIsIgnored) {
  EXPECT_THAT(Parsed("ro,nofail,_netdev,auto,noauto,user,users,nouser,owner,group,defaults,"
                     "comment=x,x-systemd.automount,x-gvfs-name=a%20b,relatime,nodiratime,"
                     "strictatime,user=ann")
                  .kernel,
              IsEmpty());
}

TEST(Options, LettingOthersInLetsTheKernelCheckModes) {
  const Options other = Parsed("allow_other");
  EXPECT_THAT(other.kernel, ElementsAre("default_permissions", "allow_other"));
  EXPECT_TRUE(other.allow_other);
  EXPECT_THAT(Parsed("allow_root").kernel, ElementsAre("default_permissions", "allow_root"));
  EXPECT_FALSE(Parsed("default_permissions").allow_other);
}

TEST(Options, ACacheLargerThanTheMemoryIsRefused) {
  const absl::Status status = CheckOptions(Parsed("cache=1G"));
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("cache=1024M"), HasSubstr("memory=512M")));
  EXPECT_TRUE(CheckOptions(Parsed("cache=1G,memory=2G")).ok());
  EXPECT_FALSE(CheckOptions(Parsed("memory=200M,cache=201M")).ok());
  EXPECT_FALSE(CheckOptions(Parsed("cache=201M,memory=200M")).ok());
}

TEST(Options, TheCacheFollowsASmallerMemoryUnlessItIsGiven) {
  EXPECT_EQ(Parsed("memory=200M").cache_bytes, 100u << 20);
  EXPECT_EQ(Parsed("memory=200M,memory=4G").cache_bytes, 256u << 20);
  EXPECT_EQ(Parsed("cache=150M,memory=200M").cache_bytes, 150u << 20);
  EXPECT_TRUE(CheckOptions(Parsed("memory=200M")).ok());
}

// Every line of help is an option that the parser takes.
TEST(Options, HelpNamesOnlyWhatIsTaken) {
  for (const OptionHelp& line : MountOptionHelp()) {
    for (size_t at = 0; at < line.option.size();) {
      const size_t end = std::min(line.option.find(", ", at), line.option.size());
      std::string name(line.option.substr(at, end - at));
      at = end + 2;
      if (name == "x-*") name = "x-anything";
      Options options;
      const absl::Status status = ParseMountOptions(name, &options);
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr("unknown"))) << name;
    }
  }
}

}  // namespace
}  // namespace cbzfs
