#include "fs/core/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

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

TEST(Options, DefaultsOfTheViewsAreThoseOfTheSeed) {
  const Options options;
  EXPECT_THAT(options.views, ElementsAre("cbz", "enhanced", "thumbnails", "pages"));
  EXPECT_EQ(options.thumb_size, 100u);
  EXPECT_EQ(options.cover_height, 300u);
  EXPECT_FALSE(options.analyse.enhanced);
  EXPECT_TRUE(options.analyse.enhance.on);
  EXPECT_EQ(options.analyse.enhance.curve, 1);
  EXPECT_EQ(options.analyse.enhance.gamma, 0.9);
  EXPECT_EQ(options.analyse.enhance.brightness, 1.03f);
  EXPECT_EQ(options.analyse.enhance.contrast, 1.05f);
  EXPECT_EQ(options.analyse.enhance.cutoff, 1);
}

TEST(Options, EachOptionSetsItsField) {
  for (const char* view : {"cbz", "enhanced", "thumbnails", "pages"}) {
    EXPECT_EQ(Parsed(std::string("view=") + view).view, view);
  }
  EXPECT_EQ(Parsed("view=cbz,view=pages").view, "pages");
  EXPECT_EQ(Parsed("thumb_size=16").thumb_size, 16u);
  EXPECT_EQ(Parsed("thumb_size=1000").thumb_size, 1000u);
  EXPECT_EQ(Parsed("cover_height=16").cover_height, 16u);
  EXPECT_EQ(Parsed("cover_height=4000").cover_height, 4000u);
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
  EXPECT_TRUE(Parsed("").layout.comic_info);
  EXPECT_FALSE(Parsed("comicinfo=no").layout.comic_info);
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
  EXPECT_THAT(Refused("comicinfo=maybe"), HasSubstr("yes or no"));
  EXPECT_THAT(Refused("view=zip"), HasSubstr("view takes cbz, enhanced, thumbnails or pages"));
  EXPECT_THAT(Refused("view=Pages"), HasSubstr("view takes"));
  EXPECT_THAT(Refused("view="), HasSubstr("view takes"));
  EXPECT_THAT(Refused("thumb_size=15"), AllOf(HasSubstr("thumb_size=15"), HasSubstr("16 to 1000")));
  EXPECT_THAT(Refused("thumb_size=1001"), HasSubstr("16 to 1000"));
  EXPECT_THAT(Refused("cover_height=15"), HasSubstr("16 to 4000"));
  EXPECT_THAT(Refused("cover_height=4001"), HasSubstr("cover_height takes a number from 16"));
  EXPECT_THAT(Refused("box=trim"), HasSubstr("crop or media"));
  EXPECT_THAT(Refused("profile=other"), HasSubstr("profile takes seed"));
  EXPECT_THAT(Refused("log_level=loud"), HasSubstr("trace, debug"));
  EXPECT_THAT(Refused("index="), HasSubstr("index"));
}

// The names and numbers of the views are part of what a mount shows: folders and inode numbers.
TEST(Options, ViewsHaveTheirNamesAndNumbersForGood) {
  EXPECT_THAT(AllViewNames(), ElementsAre("cbz", "enhanced", "thumbnails", "pages"));
  EXPECT_EQ(FindViewName("cbz")->id, 1u);
  EXPECT_EQ(FindViewName("enhanced")->id, 2u);
  EXPECT_EQ(FindViewName("thumbnails")->id, 3u);
  EXPECT_EQ(FindViewName("pages")->id, 4u);
  EXPECT_EQ(FindViewName("page"), nullptr);
  EXPECT_EQ(FindViewName(""), nullptr);
}

TEST(Options, AllSpellingsOfAListOfViewsMeanTheSame) {
  for (const char* list :
       {"views=cbz,pages", "views=cbz\\,pages", "views=cbz,views=pages", "views=cbz:pages",
        "views=pages:cbz", "views=pages,cbz", "views=pages,dpi=72,views=cbz", "views=cbz,,pages",
        "views=cbz,pages,cbz", "views=cbz:cbz,views=pages:cbz"}) {
    const Options options = Parsed(list);
    EXPECT_THAT(options.views, ElementsAre("cbz", "pages")) << list;
    EXPECT_TRUE(CheckOptions(options).ok()) << list;
  }
  EXPECT_THAT(Parsed("views=thumbnails").views, ElementsAre("thumbnails"));
  EXPECT_THAT(Parsed("views=pages:thumbnails,enhanced,views=cbz").views,
              ElementsAre("cbz", "enhanced", "thumbnails", "pages"));
}

// As with several -o, or one in fstab and one on the command line.
TEST(Options, ViewsAddUpOverSeveralLists) {
  Options options;
  ASSERT_TRUE(ParseMountOptions("views=pages", &options).ok());
  EXPECT_THAT(options.views, ElementsAre("pages"));
  ASSERT_TRUE(ParseMountOptions("dpi=72", &options).ok());
  ASSERT_TRUE(ParseMountOptions("views=enhanced", &options).ok());
  EXPECT_THAT(options.views, ElementsAre("enhanced", "pages"));
}

TEST(Options, OptionsMayFollowAListOfViews) {
  const Options options = Parsed("show_hidden,views=cbz,pages,dpi=72,nosuid");
  EXPECT_THAT(options.views, ElementsAre("cbz", "pages"));
  EXPECT_TRUE(options.show_hidden);
  EXPECT_EQ(options.analyse.dpi, 72u);
  EXPECT_THAT(options.kernel, ElementsAre("nosuid"));
}

// Only what directly follows a list of views continues it.
TEST(Options, TheNameOfAViewAloneIsNoOption) {
  EXPECT_THAT(Refused("pages"), AllOf(HasSubstr("unknown mount option \"pages\""),
                                      HasSubstr("did you mean \"views=pages\"")));
  EXPECT_THAT(Refused("views=cbz,dpi=72,pages"), HasSubstr("unknown mount option \"pages\""));
  EXPECT_THAT(Refused("view=cbz,pages"), HasSubstr("unknown mount option \"pages\""));
  EXPECT_THAT(Refused("views=cbz,pages=1"), HasSubstr("unknown mount option \"pages\""));
  EXPECT_THAT(Refused("views=cbz,enhnaced"), AllOf(HasSubstr("unknown mount option \"enhnaced\""),
                                                   HasSubstr("\"views=enhanced\"")));
  Options options;
  ASSERT_TRUE(ParseMountOptions("views=cbz", &options).ok());
  EXPECT_FALSE(ParseMountOptions("pages", &options).ok());
}

TEST(Options, WrongViewsAreRefusedAndNameWhatThereIs) {
  for (const char* value : {"zip", "", ":", "cbz:", ":cbz", "cbz::pages", "cbz:zip", "CBZ", "cbz ",
                            "cbz\\,", "cbz\\,zip", "cbz;pages", "all"}) {
    const std::string message = Refused(std::string("views=") + value);
    EXPECT_THAT(message, HasSubstr("views takes one or more of")) << value;
    for (const ViewName& view : kViewNames) EXPECT_THAT(message, HasSubstr(view.name)) << value;
  }
  EXPECT_THAT(Refused("views"), HasSubstr("\"views\" needs a value"));
}

TEST(Options, ARefusedListOfViewsChangesNothing) {
  Options options;
  EXPECT_FALSE(ParseMountOptions("views=pages:zip", &options).ok());
  EXPECT_THAT(options.views, ElementsAre("cbz", "enhanced", "thumbnails", "pages"));
  ASSERT_TRUE(ParseMountOptions("views=enhanced", &options).ok());
  EXPECT_FALSE(ParseMountOptions("views=pages:zip", &options).ok());
  EXPECT_THAT(options.views, ElementsAre("enhanced"));
}

TEST(Options, ARootThatIsNotAmongTheViewsIsRefused) {
  for (const char* list : {"view=enhanced,views=cbz,pages", "views=cbz:pages,view=enhanced"}) {
    const absl::Status status = CheckOptions(Parsed(list));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << list;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("view=enhanced"), HasSubstr("views=cbz:pages")))
        << list;
  }
  EXPECT_TRUE(CheckOptions(Parsed("view=pages,views=cbz:pages")).ok());
  EXPECT_TRUE(CheckOptions(Parsed("view=pages")).ok());
  EXPECT_TRUE(CheckOptions(Parsed("view=enhanced,view=cbz,views=cbz")).ok());
}

TEST(Options, EachStageOfTheEnhancementHasAStrength) {
  EXPECT_EQ(Parsed("enhance_curve=0.25").analyse.enhance.curve, 0.25);
  EXPECT_EQ(Parsed("enhance_gamma=2.5").analyse.enhance.gamma, 2.5);
  EXPECT_EQ(Parsed("enhance_brightness=1.5").analyse.enhance.brightness, 1.5f);
  EXPECT_EQ(Parsed("enhance_contrast=0.5").analyse.enhance.contrast, 0.5f);
  EXPECT_EQ(Parsed("enhance_cutoff=2.5").analyse.enhance.cutoff, 2.5);
  EXPECT_EQ(Parsed("enhance_curve=.5").analyse.enhance.curve, 0.5);
  EXPECT_EQ(Parsed("enhance_cutoff=3.").analyse.enhance.cutoff, 3);
  EXPECT_TRUE(Parsed("enhance_gamma=2.5").analyse.enhance.on);
  // The default said in words is the default: the same pages, the same key in the index.
  EXPECT_EQ(Parsed("enhance_curve=1,enhance_gamma=0.9,enhance_brightness=1.03,"
                   "enhance_contrast=1.05,enhance_cutoff=1")
                .analyse,
            AnalyseOptions());
}

TEST(Options, EnhanceTurnsAllStagesOffOrBackToTheSeed) {
  EXPECT_FALSE(Parsed("enhance=none").analyse.enhance.on);
  EXPECT_FALSE(Parsed("enhance=none,enhance_gamma=2").analyse.enhance.on);
  EXPECT_TRUE(Parsed("enhance=none,enhance=seed").analyse.enhance.on);
  EXPECT_EQ(Parsed("enhance_curve=0,enhance_gamma=1,enhance_brightness=2,enhance_contrast=2,"
                   "enhance_cutoff=0,enhance=none,enhance=seed")
                .analyse,
            AnalyseOptions());
  EXPECT_EQ(Parsed("enhance=seed,enhance_gamma=2").analyse.enhance.gamma, 2);
  EXPECT_THAT(Refused("enhance=yes"), HasSubstr("enhance takes seed or none"));
  EXPECT_THAT(Refused("enhance="), HasSubstr("enhance takes seed or none"));
  EXPECT_THAT(Refused("enhance"), HasSubstr("needs a value"));
}

TEST(Options, StrengthsHaveTheirRangesWithBothEnds) {
  const struct {
    std::string name;
    std::vector<std::string> taken, refused;
    std::string range;
  } kStages[] = {
      {"enhance_curve", {"0", "1", "1.000"}, {"1.001", "2"}, "0 to 1"},
      {"enhance_gamma", {"0.1", "10"}, {"0", "0.099", "10.01"}, "0.1 to 10"},
      {"enhance_brightness", {"0", "10"}, {"10.01", "11"}, "0 to 10"},
      {"enhance_contrast", {"0", "10"}, {"10.01", "11"}, "0 to 10"},
      {"enhance_cutoff", {"0", "49"}, {"49.01", "50", "100"}, "0 to 49"},
  };
  for (const auto& stage : kStages) {
    for (const std::string& value : stage.taken) Parsed(stage.name + "=" + value);
    std::vector<std::string> refused = {"",    ".",   "-1",    "+1",    "1e0",
                                        "nan", "inf", "0x1",   "1.0.0", "1 ",
                                        " 1",  "1%",  "0\\,9", "much",  std::string(500, '9')};
    refused.insert(refused.end(), stage.refused.begin(), stage.refused.end());
    for (const std::string& value : refused) {
      EXPECT_THAT(Refused(stage.name + "=" + value),
                  AllOf(HasSubstr("option \"" + stage.name), HasSubstr(stage.range)));
    }
  }
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
  EXPECT_THAT(Refused("veiws=cbz"), HasSubstr("did you mean \"views\""));
  EXPECT_THAT(Refused("enhance_gama=1"), HasSubstr("did you mean \"enhance_gamma\""));
  EXPECT_THAT(Refused("thumbsize=64"), HasSubstr("did you mean \"thumb_size\""));
  EXPECT_THAT(Refused("cover-height=64"), HasSubstr("did you mean \"cover_height\""));
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
