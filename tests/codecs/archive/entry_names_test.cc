#include "codecs/archive/entry_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using std::string_literals::operator""s;

std::string Unix(std::string_view name) { return SafePath(name, false); }
std::string Dos(std::string_view name) { return SafePath(name, true); }

TEST(SafePathTest, OrdinaryNamesStay) {
  for (const char* name : {"a.jpg", "Chapter 1/001.jpg", "a/b/c/d.png", "漫画/第01話.jpg",
                           ".hidden", "a.b.c", "Console.jpg", "com.jpg", "COM10.jpg", "lpt0"}) {
    EXPECT_EQ(Unix(name), name);
    EXPECT_EQ(Dos(name), name);
  }
}

TEST(SafePathTest, NothingLeadsOut) {
  EXPECT_EQ(Unix("../../etc/passwd"), "etc/passwd");
  EXPECT_EQ(Unix("/abs"), "abs");
  EXPECT_EQ(Unix("//abs//x"), "abs/x");
  EXPECT_EQ(Unix("a/../../b"), "a/b");
  EXPECT_EQ(Unix("./a/./b"), "a/b");
  EXPECT_EQ(Unix("C:\\x"), "x");
  EXPECT_EQ(Unix("C:/x"), "x");
  EXPECT_EQ(Dos("c:x"), "x");
  EXPECT_EQ(Unix("c:x"), "c_x");
  EXPECT_EQ(Unix("/C:/x"), "x");
  EXPECT_EQ(Unix("..\\..\\x"), "x");
  EXPECT_EQ(Dos("..\\..\\x"), "x");
  EXPECT_EQ(Dos("a/..\\..\\x"), "a/x");
  EXPECT_EQ(Dos("\\\\server\\share\\x"), "server/share/x");
  // With a '/' in a name from elsewhere, '\' separates nothing, and may stand in no name.
  EXPECT_EQ(Unix("a/..\\..\\x"), "a/.._.._x");
  EXPECT_EQ(Unix("a/C:/x"), "a/C_/x");
}

TEST(SafePathTest, ANameOfWhichNothingIsLeftIsStillAName) {
  for (const char* name : {"", "/", "..", "../..", "C:", "C:\\", "...", " ", ". .", "a/../"}) {
    const std::string safe = Dos(name);
    EXPECT_TRUE(safe == "_" || safe == "a") << name << " -> " << safe;
  }
  EXPECT_EQ(Unix(".. /x"), "_/x");
}

TEST(SafePathTest, ForbiddenCharactersAreReplaced) {
  EXPECT_EQ(Unix("a\0b\nc\x7F.jpg"s), "a_b_c_.jpg");
  EXPECT_EQ(Unix("a:b*c?d\"e<f>g|h.jpg"), "a_b_c_d_e_f_g_h.jpg");
  EXPECT_EQ(Unix("a\u0085b\u00A0c"), "a_b\u00A0c");
}

TEST(SafePathTest, DotsAndSpacesAtTheEndGo) {
  EXPECT_EQ(Unix("a./b. ."), "a/b");
  EXPECT_EQ(Unix("a.jpg "), "a.jpg");
  EXPECT_EQ(Unix(" a.jpg"), " a.jpg");
}

TEST(SafePathTest, DeviceNamesAreDisarmed) {
  EXPECT_EQ(Unix("CON.jpg"), "_CON.jpg");
  EXPECT_EQ(Unix("con"), "_con");
  EXPECT_EQ(Unix("Aux.tar.gz"), "_Aux.tar.gz");
  EXPECT_EQ(Unix("nul .jpg"), "_nul .jpg");
  EXPECT_EQ(Unix("nul."), "_nul");
  EXPECT_EQ(Unix("prn/lpt9/COM1.png"), "_prn/_lpt9/_COM1.png");
  EXPECT_EQ(Unix("COM\u00B9"), "_COM\u00B9");
  EXPECT_EQ(Unix("conin$"), "_conin$");
}

TEST(SafePathTest, LongComponentsAreCutBeforeTheExtension) {
  EXPECT_EQ(Unix(std::string(300, 'a') + ".jpg"), std::string(251, 'a') + ".jpg");
  EXPECT_EQ(Unix(std::string(300, 'a')), std::string(255, 'a'));
  // 251 bytes hold 83 characters of three bytes.
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "漫";
  const std::string cut = Unix(wide + ".jpg");
  EXPECT_EQ(cut.size(), 83u * 3 + 4);
  EXPECT_TRUE(IsValidUtf8(cut));
  // What looks like an extension but is no short one is cut like all else.
  EXPECT_EQ(Unix("a." + std::string(300, 'b')), "a." + std::string(253, 'b'));
  EXPECT_EQ(Unix(std::string(254, 'a') + ". x"), std::string(252, 'a') + ". x");
  EXPECT_EQ(Unix("b " + std::string(252, 'a') + ". " + std::string(40, 'x')),
            "b " + std::string(252, 'a') + "_");
}

std::vector<std::string> Flat(std::vector<std::string> paths) {
  FlattenPaths(&paths);
  return paths;
}

TEST(FlattenPathsTest, ASharedTopFolderGoes) {
  EXPECT_THAT(Flat({"Book/1.jpg", "Book/2.jpg"}), ElementsAre("1.jpg", "2.jpg"));
  EXPECT_THAT(Flat({"a/b/1.jpg", "a/b/2.jpg"}), ElementsAre("1.jpg", "2.jpg"));
  EXPECT_THAT(Flat({"a/b/1.jpg", "a/c/2.jpg"}), ElementsAre("b/1.jpg", "c/2.jpg"));
  EXPECT_THAT(Flat({"a/1.jpg", "2.jpg"}), ElementsAre("a/1.jpg", "2.jpg"));
  EXPECT_THAT(Flat({"ab/1.jpg", "ac/2.jpg"}), ElementsAre("ab/1.jpg", "ac/2.jpg"));
  EXPECT_THAT(Flat({"a/1.jpg", "a/b/1.jpg"}), ElementsAre("1.jpg", "b/1.jpg"));
  EXPECT_THAT(Flat({"a/b/c"}), ElementsAre("c"));
  EXPECT_THAT(Flat({}), ElementsAre());
}

TEST(FlattenPathsTest, TooManyFoldersLoseTheTopmost) {
  const std::string deep = std::string(255, 'b') + "/" + std::string(255, 'c') + "/";
  EXPECT_THAT(Flat({"x", std::string(255, 'a') + "/" + deep + "1"}),
              ElementsAre("x", std::string(255, 'a') + "/" + deep + "1"));
  EXPECT_THAT(Flat({"x", "a/" + std::string(255, 'a') + "/" + deep + "1"}),
              ElementsAre("x", std::string(255, 'a') + "/" + deep + "1"));
}

std::vector<std::string> Unique(std::vector<std::string> paths) {
  MakePathsUnique(&paths);
  return paths;
}

TEST(MakePathsUniqueTest, EqualNamesAreNumbered) {
  EXPECT_THAT(Unique({"a.jpg", "b/a.jpg", "a.jpg", "a.jpg"}),
              ElementsAre("a.jpg", "b/a.jpg", "a ~2.jpg", "a ~3.jpg"));
  // A made name does not take a given one.
  EXPECT_THAT(Unique({"a.jpg", "a.jpg", "a ~2.jpg"}), ElementsAre("a.jpg", "a ~3.jpg", "a ~2.jpg"));
  EXPECT_THAT(Unique({"a", "a"}), ElementsAre("a", "a ~2"));
}

TEST(MakePathsUniqueTest, NoFileIsAlsoAFolder) {
  EXPECT_THAT(Unique({"a", "a/b", "a/b/c"}), ElementsAre("a ~2", "a/b ~2", "a/b/c"));
  EXPECT_THAT(Unique({"a", "a ~2/b", "a/b"}), ElementsAre("a ~3", "a ~2/b", "a/b"));
  EXPECT_THAT(Unique({"a", "a!/b", "a-b/c"}), ElementsAre("a", "a!/b", "a-b/c"));
}

TEST(MakePathsUniqueTest, NumberedNamesKeepTheLimit) {
  const std::string name = std::string(251, 'a') + ".jpg";
  EXPECT_THAT(Unique({name, name}), ElementsAre(name, std::string(248, 'a') + " ~2.jpg"));
}

TEST(MakePathsUniqueTest, AHundredThousandEqualNamesTakeNoTime) {
  std::vector<std::string> paths(100'000, "p/" + std::string(255, 'a'));
  MakePathsUnique(&paths);
  EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()).size(), paths.size());
  EXPECT_EQ(paths.back(), "p/" + std::string(247, 'a') + " ~100000");
}

// Whatever goes in, what comes out is as ArchiveEntry::name promises.
TEST(EntryNamesTest, RandomNamesComeOutSafe) {
  std::mt19937 random(7);
  const char* const pieces[] = {
      "a",   "/",    "\\", "..", ".",    " ",   "C:", "con",  "漫",  "\u00E9",
      "jpg", "\x01", "?",  "~",  "lpt1", "aux", "b",  "/../", ".jpg"};
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> paths;
    for (int i = 0; i < 30; ++i) {
      std::string name;
      for (int length = random() % (i % 5 == 0 ? 400 : 8); length > 0; --length) {
        name += pieces[random() % std::size(pieces)];
      }
      paths.push_back(SafePath(name, i % 2 == 0));
    }
    FlattenPaths(&paths);
    MakePathsUnique(&paths);
    std::set<std::string> files(paths.begin(), paths.end());
    ASSERT_EQ(files.size(), paths.size());
    for (const std::string& path : paths) {
      ASSERT_TRUE(IsValidUtf8(path)) << path;
      ASSERT_LE(path.size(), 1024u);
      for (size_t begin = 0, end; begin <= path.size(); begin = end + 1) {
        end = std::min(path.find('/', begin), path.size());
        const std::string part = path.substr(begin, end - begin);
        ASSERT_FALSE(part.empty()) << path;
        ASSERT_NE(part, "con") << path;
        ASSERT_LE(part.size(), 255u) << path;
        ASSERT_EQ(part.find_first_of("\\:?\x01"), std::string::npos) << path;
        ASSERT_TRUE(part.back() != '.' && part.back() != ' ') << path;
        ASSERT_TRUE(end == path.size() || files.count(path.substr(0, end)) == 0) << path;
      }
    }
  }
}

}  // namespace
}  // namespace cbzfs
