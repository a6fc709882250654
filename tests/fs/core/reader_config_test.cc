#include "fs/core/reader_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "fs/core/options.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ReaderConfig::Pointer Parsed(std::string_view text) {
  auto config = ReaderConfig::Parse(text, "file");
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *config : nullptr;
}

std::string Refused(std::string_view text) {
  const auto config = ReaderConfig::Parse(text, "file");
  EXPECT_TRUE(absl::IsInvalidArgument(config.status())) << text;
  return std::string(config.status().message());
}

TEST(ReaderConfig, EverySettingIsTaken) {
  const auto config = Parsed(R"(
[views.all]
width = 1264
height = 1680
fit = "exact"
enlarge = true
gray = true
levels = 16
crop = "margins"
split = "right-first"
format = "jpeg"
quality = 77
enhance = true
enhance_curve = 0.5
enhance_gamma = 1.5
enhance_brightness = 1
enhance_contrast = 1.25
enhance_cutoff = 2
[views.none]
)");
  const ReaderProfile wanted = {
      .width = 1264,
      .height = 1680,
      .fit = ReaderProfile::Fit::kExact,
      .enlarge = true,
      .gray = true,
      .levels = 16,
      .crop = true,
      .split = ReaderProfile::Split::kRightFirst,
      .quality = 77,
      .enhance = {
          .on = true, .curve = 0.5, .gamma = 1.5, .brightness = 1, .contrast = 1.25f, .cutoff = 2}};
  EXPECT_EQ(config->Find("all")->profile, wanted);
  EXPECT_EQ(config->Find("none")->profile, ReaderProfile());
  EXPECT_EQ(config->Find("nobody"), nullptr);
}

TEST(ReaderConfig, ViewsAreInTheOrderOfTheFileAndKeepTheirNumbers) {
  const auto config = Parsed("[views.b]\n[views.a]\n[views.c]\n");
  std::vector<std::string> names;
  for (const NamedView& view : config->views()) {
    names.push_back(view.name);
    for (const ViewName& own : kViewNames) EXPECT_NE(view.id, own.id);
  }
  EXPECT_THAT(names, ElementsAre("b", "a", "c"));
  EXPECT_EQ(config->Find("a")->id, Parsed("[views.a]\nwidth = 99")->Find("a")->id);
  EXPECT_EQ(config->Find("a")->id, 0xE6C632B61E964E1Full | 1ull << 63)
      << "part of inode numbers: never changed";
}

TEST(ReaderConfig, MistakesAreToldWithTheirPlace) {
  EXPECT_THAT(Refused("[views.a]\n  widht = 1\n"),
              AllOf(HasSubstr("config file: line 2, column 3: "), HasSubstr("\"widht\""),
                    HasSubstr("did you mean \"width\"?")));
  EXPECT_THAT(Refused("[view.a]\n"), HasSubstr("did you mean \"views\"?"));
  EXPECT_THAT(Refused("[views.a]\nwidth = 15"),
              HasSubstr("width takes a number of pixels from 16"));
  EXPECT_THAT(Refused("[views.a]\nwidth = 100.5"), HasSubstr("width takes"));
  EXPECT_THAT(Refused("[views.a]\nwidth = \"100\""), HasSubstr("width takes"));
  EXPECT_THAT(Refused("[views.a]\ngray = 1"), HasSubstr("gray takes true or false"));
  EXPECT_THAT(Refused("[views.a]\nlevels = 65"), HasSubstr("from 2 to 64"));
  EXPECT_THAT(Refused("[views.a]\nquality = 39"), HasSubstr("from 40 to 100"));
  EXPECT_THAT(Refused("[views.a]\nenhance_gamma = nan"), HasSubstr("enhance_gamma takes"));
  EXPECT_THAT(Refused("[views.a]\nsplit = \"left\""), HasSubstr("\"left-first\""));
  EXPECT_THAT(Refused("[views.a]\nformat = \"gif\""), HasSubstr("\"jpeg\" or \"webp\""));
  EXPECT_THAT(Refused("[views.a]\nformat = \"webp\"\nlevels = 17"), HasSubstr("at most 16 levels"));
  EXPECT_THAT(Refused("[views.a]\nfit = \"exact\"\nwidth = 100"),
              HasSubstr("needs width and height"));
  EXPECT_THAT(Refused("[views.a]\nfit = \"width\"\nheight = 100"), HasSubstr("needs width"));
  EXPECT_THAT(Refused("[views.a]\nenlarge = true"), HasSubstr("needs width or height"));
  EXPECT_THAT(Refused("[views.a]\nwidth = 5000\nheight = 5000"), HasSubstr("16 megapixels"));
  EXPECT_THAT(Refused("[views.pages]\n"), HasSubstr("pages is there already"));
  EXPECT_THAT(Refused("views = 3"), HasSubstr("[views.NAME]"));
  EXPECT_THAT(Refused("[rules]\npath = \"a\""), HasSubstr("[[rules]]"));
  EXPECT_THAT(Refused("[[rules]]\nhidden = true"), HasSubstr("needs a path"));
  EXPECT_THAT(Refused("[[rules]]\npath = \"a\""), HasSubstr("changes nothing"));
  EXPECT_THAT(Refused("[[rules]]\npath = \"/a\"\nhidden = true"), HasSubstr("path takes"));
  EXPECT_THAT(Refused("[views.abc]\n[[rules]]\npath=\"a\"\nviews=[\"abd\"]\nhidden=true"),
              HasSubstr("did you mean \"abc\"?"));
  EXPECT_THAT(Refused("[[rules]]\npath=\"a\"\nviews=[\"cbz\"]\ngray=true"),
              HasSubstr("hidden = true"));
  EXPECT_THAT(Refused("[views.a\n"), HasSubstr("line 1"));
}

TEST(ReaderConfig, NamesOfViewsAreNamesOfFolders) {
  for (const char* name :
       {"\"\"", "\".a\"", "_a", "\"a/b\"", "\"a,b\"", "\"a:b\"", "\"a b\"", "\"ä\""}) {
    EXPECT_THAT(Refused(std::string("[views.") + name + "]\n"), HasSubstr("no name for a view"))
        << name;
  }
  for (const char* name : {"a", "kobo-libra", "Kindle_7", "\"a.b\""}) {
    EXPECT_EQ(Parsed(std::string("[views.") + name + "]\n")->views().size(), 1u) << name;
  }
}

TEST(ReaderConfig, RulesOverrideBelowTheirFolders) {
  const auto config = Parsed(R"(
[views.a]
width = 100
[views.b]
width = 100
[[rules]]
path = "Manga"
split = "right-first"
[[rules]]
path = "Shelf/*.pdf"
views = ["b"]
width = 50
[[rules]]
path = "Shelf/Deep/**"
width = 70
)");
  const NamedView& a = *config->Find("a");
  const NamedView& b = *config->Find("b");
  using Split = ReaderProfile::Split;
  EXPECT_EQ(config->ProfileFor(a, "Manga/x.pdf").split, Split::kRightFirst);
  EXPECT_EQ(config->ProfileFor(a, "Shelf/Manga/y/x.pdf").split, Split::kRightFirst);
  EXPECT_EQ(config->ProfileFor(a, "Mangas/x.pdf").split, Split::kNo);
  EXPECT_EQ(config->ProfileFor(a, "Shelf/x.pdf").width, 100u);
  EXPECT_EQ(config->ProfileFor(b, "Shelf/x.pdf").width, 50u);
  EXPECT_EQ(config->ProfileFor(b, "Shelf/Deep/x.pdf").width, 70u) << "the last rule wins";
  EXPECT_EQ(config->ProfileFor(b, "Other/x.pdf"), b.profile);
}

TEST(ReaderConfig, RulesHide) {
  const auto config = Parsed(R"(
[views.a]
[[rules]]
path = "Private/**"
views = ["a", "cbz"]
hidden = true
[[rules]]
path = "*.cbr"
hidden = true
)");
  for (const char* view : {"a", "cbz"}) {
    EXPECT_TRUE(config->Hides(view, "Private")) << view;
    EXPECT_TRUE(config->Hides(view, "Private/x/y.pdf")) << view;
    EXPECT_FALSE(config->Hides(view, "Public/y.pdf")) << view;
  }
  EXPECT_TRUE(config->Hides("a", "Public/y.cbr"));
  EXPECT_FALSE(config->Hides("cbz", "Public/y.cbr")) << "a rule without views is for the file's";
  EXPECT_FALSE(config->Hides("pages", "Private"));
}

TEST(ReaderConfig, TheHashOfAViewIsOfAllThatItShows) {
  const std::string base = "[views.a]\nwidth = 100\n[views.b]\nwidth = 200\n";
  const auto hash = [](const std::string& text, std::string_view view) {
    return Parsed(text)->HashFor(view);
  };
  EXPECT_EQ(hash(base, "cbz"), 0u);
  EXPECT_NE(hash(base, "a"), hash(base, "b"));
  EXPECT_EQ(hash(base, "a"), hash("# the same\n" + base, "a"));
  for (const char* rule : {"path = \"x\"\nhidden = true", "path = \"y\"\nhidden = true",
                           "path = \"x\"\nwidth = 100", "path = \"x\"\nsplit = \"no\""}) {
    const std::string text = base + "[[rules]]\n" + rule + "\n";
    EXPECT_NE(hash(text, "a"), hash(base, "a")) << rule;
    EXPECT_EQ(hash(text + "views = [\"b\"]\n", "a"), hash(base, "a")) << rule;
    EXPECT_EQ(hash(text, "cbz"), 0u);
  }
  EXPECT_NE(hash(base + "[[rules]]\npath=\"x\"\nviews=[\"cbz\"]\nhidden=true", "cbz"), 0u);
}

class ConfigOption : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(path_) << "[views.kobo]\nwidth = 100\n[views.alpha]\nwidth = 200\n";
  }
  void TearDown() override { remove(path_.c_str()); }

  absl::Status Load(const std::string& list) {
    options_ = Options();
    absl::Status status = ParseMountOptions(list, &options_);
    if (status.ok()) status = LoadConfig(&options_);
    if (status.ok()) status = CheckOptions(options_);
    return status;
  }

  const std::string path_ = ::testing::TempDir() + "/cbzfs-reader-config-test.toml";
  Options options_;
};

TEST_F(ConfigOption, ItsViewsAreAllThereOrThoseAskedFor) {
  ASSERT_TRUE(Load("config=" + path_).ok());
  EXPECT_THAT(options_.views,
              ElementsAre("cbz", "enhanced", "thumbnails", "pages", "kobo", "alpha"));
  ASSERT_TRUE(Load("views=alpha:cbz,config=" + path_).ok());
  EXPECT_THAT(options_.views, ElementsAre("cbz", "alpha"));
  ASSERT_TRUE(Load("view=kobo,config=" + path_).ok());
  EXPECT_EQ(options_.view, "kobo");
}

TEST_F(ConfigOption, WrongNamesAreToldWithTheNearest) {
  for (const char* list : {"views=kobbo:cbz,config=", "view=kobbo,config="}) {
    EXPECT_THAT(std::string(Load(list + path_).message()),
                AllOf(HasSubstr("\"kobbo\""), HasSubstr("did you mean \"kobo\"?")));
  }
  EXPECT_FALSE(Load("views=cbz,view=kobo,config=" + path_).ok());
  EXPECT_FALSE(Load("view=kobo").ok()) << "without a file there is none";
  EXPECT_THAT(std::string(Load("config=/nowhere/at/all").message()),
              AllOf(HasSubstr("/nowhere/at/all"), HasSubstr("No such file")));
  EXPECT_THAT(std::string(Load("config=/dev/null").message()), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace cbzfs
