#include "codecs/zip/archive_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "codecs/document/document_codec.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using Names = std::vector<std::string>;

// Names that begin with '=' are those of raw pages.
Document ArchiveOf(const Names& names) {
  Document document;
  for (const std::string& name : names) {
    const bool raw = name[0] == '=';
    document.pages.push_back({.kind = raw ? PageKind::kRaw : PageKind::kDrawn});
    document.entries.push_back({.name = name.substr(raw ? 1 : 0)});
  }
  EXPECT_TRUE(CheckEntryNames(document.entries).ok());
  return document;
}

Names NamesOf(const Names& names) { return ArchivePageNames(ArchiveOf(names)); }

TEST(ArchiveNamesTest, EnhancedPagesAreJpegsAndOthersKeepTheirNames) {
  EXPECT_THAT(
      NamesOf({"a/01.png", "a/02.jpeg", "a/03.JPG", "a/04.jpg", "=ComicInfo.xml", "=a/05.png"}),
      ElementsAre("a/01.jpg", "a/02.jpg", "a/03.jpg", "a/04.jpg", "ComicInfo.xml", "a/05.png"));
}

TEST(ArchiveNamesTest, AnExtensionIsShortAndBeginsWithALetter) {
  EXPECT_THAT(NamesOf({"page.001", "Vol. 2", "v1.2/scan", ".png", "x/.png", "a.", "a.jp2",
                       "b.longer", "c.p-g"}),
              ElementsAre("page.001.jpg", "Vol. 2.jpg", "v1.2/scan.jpg", ".png.jpg", "x/.png.jpg",
                          "a..jpg", "a.jpg", "b.longer.jpg", "c.p-g.jpg"));
}

TEST(ArchiveNamesTest, TheOneThatWasAJpegKeepsItsName) {
  EXPECT_THAT(NamesOf({"a.png", "a.jpg"}), ElementsAre("a.png.jpg", "a.jpg"));
  EXPECT_THAT(NamesOf({"a.jpg", "a.png"}), ElementsAre("a.jpg", "a.png.jpg"));
  EXPECT_THAT(NamesOf({"a.png", "=a.jpg"}), ElementsAre("a.png.jpg", "a.jpg"));
  EXPECT_THAT(NamesOf({"x/a.png", "a.jpg"}), ElementsAre("x/a.jpg", "a.jpg"));
}

TEST(ArchiveNamesTest, TheFirstPageGetsTheShortName) {
  EXPECT_THAT(NamesOf({"a.png", "a.gif", "a"}), ElementsAre("a.jpg", "a.gif.jpg", "a~3.jpg"));
}

TEST(ArchiveNamesTest, ANameThatIsTakenTwiceGetsThePagesNumber) {
  EXPECT_THAT(NamesOf({"a.jpg", "a.png.jpg", "a.png"}),
              ElementsAre("a.jpg", "a.png.jpg", "a~3.jpg"));
  EXPECT_THAT(NamesOf({"a.jpg", "a.png.jpg", "=a~4.jpg", "a.png"}),
              ElementsAre("a.jpg", "a.png.jpg", "a~4.jpg", "a~4-2.jpg"));
}

TEST(ArchiveNamesTest, NoNameIsAFolderOfAnother) {
  EXPECT_THAT(NamesOf({"a.png", "a.jpg/x.png"}), ElementsAre("a.png.jpg", "a.jpg/x.jpg"));
  EXPECT_THAT(NamesOf({"b/a.png", "=b/a.jpg/x/y", "=b/a.png.jpg/z"}),
              ElementsAre("b/a~1.jpg", "b/a.jpg/x/y", "b/a.png.jpg/z"));
  EXPECT_THAT(NamesOf({"a.png", "=a.jpg.txt/x"}), ElementsAre("a.jpg", "a.jpg.txt/x"));
}

TEST(ArchiveNamesTest, LongNamesAreCutBetweenCharacters) {
  std::string part;
  for (int i = 0; i < 85; ++i) part += "\u20ac";  // 255 bytes
  const std::string cut = part.substr(0, 246);    // room for "~1.jpg", in whole characters
  EXPECT_THAT(NamesOf({"x/" + part}), ElementsAre("x/" + cut + "\u20ac~1.jpg"));
  EXPECT_THAT(
      NamesOf({part, part.substr(0, 252), part.substr(0, 249) + ".png"}),
      ElementsAre(cut + "\u20ac~1.jpg", cut + "\u20ac~2.jpg", part.substr(0, 249) + ".jpg"));
}

TEST(ArchiveNamesTest, ManyCollisionsTakeNoLongerThanTheyAreMany) {
  Names names;
  for (int i = 0; i < 60'000; ++i) {
    const std::string number = std::to_string(100'000 + i);
    names.push_back(std::string(255 - number.size(), 'x') + number);  // cut to one stem
  }
  const Names made = NamesOf(names);
  EXPECT_EQ(std::set<std::string>(made.begin(), made.end()).size(), names.size());
}

TEST(ArchiveNamesTest, WhatComesOutObeysTheContractOfWhatWentIn) {
  std::mt19937_64 random(3);
  constexpr const char* kParts[] = {"a",       "a.jpg",   "a.png",     "a.png.jpg",
                                    "a~2.jpg", "a~3.jpg", "a~2-2.jpg", "b.jpg",
                                    "b.gif",   "b",       "a.JPG"};
  int rounds = 0;
  while (rounds < 3000) {
    std::set<std::string> chosen;
    for (uint64_t n = random() % 9 + 1; n > 0; --n) {
      std::string name;
      for (uint64_t deep = random() % 3; deep > 0; --deep)
        name += kParts[random() % 11] + std::string("/");
      chosen.insert(name + kParts[random() % 11]);
    }
    Document document;
    for (const std::string& name : chosen) {
      document.pages.push_back({.kind = random() % 4 == 0 ? PageKind::kRaw : PageKind::kDrawn});
      document.entries.push_back({.name = name});
    }
    if (!CheckEntryNames(document.entries).ok()) continue;
    ++rounds;
    const Names names = ArchivePageNames(document);
    EXPECT_EQ(names, ArchivePageNames(document));
    for (size_t i = 0; i < names.size(); ++i) {
      const bool raw = document.pages[i].kind == PageKind::kRaw;
      EXPECT_TRUE(raw ? names[i] == document.entries[i].name : names[i].ends_with(".jpg"));
      document.entries[i].name = names[i];
    }
    ASSERT_TRUE(CheckEntryNames(document.entries).ok()) << ::testing::PrintToString(names);
  }
}

}  // namespace
}  // namespace cbzfs
