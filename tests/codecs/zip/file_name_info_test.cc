#include "codecs/zip/file_name_info.h"

#include <gtest/gtest.h>

#include <string>

namespace cbzfs {
namespace {

struct Said {
  std::string_view series, number, volume, year, count;
};

void Expect(std::string_view stem, const Said& said) {
  const Metadata info = InfoOfFileName(stem);
  const auto get = [&](ComicField field) { return std::string(info.Get(field)); };
  EXPECT_EQ(get(ComicField::kSeries), said.series) << stem;
  EXPECT_EQ(get(ComicField::kNumber), said.number) << stem;
  EXPECT_EQ(get(ComicField::kVolume), said.volume) << stem;
  EXPECT_EQ(get(ComicField::kYear), said.year) << stem;
  EXPECT_EQ(get(ComicField::kCount), said.count) << stem;
}

TEST(FileNameInfoTest, WhatScannersCallTheirFiles) {
  Expect("Saga 003 (2012) (Digital) (Zone-Empire)", {"Saga", "3", "", "2012", ""});
  Expect("Saga v01 003 (2012)", {"Saga", "3", "1", "2012", ""});
  Expect("Saga_v02_#012.5", {"Saga", "12.5", "2", "", ""});
  Expect("One Piece v100 (2021) (Digital)", {"One Piece", "", "100", "2021", ""});
  Expect("One Piece Vol. 3 Ch. 17", {"One Piece", "17", "3", "", ""});
  Expect("Batman - Year One 02 (of 04) (1987)", {"Batman - Year One", "2", "", "1987", "4"});
  Expect("Asterix Tome 12", {"Asterix", "", "12", "", ""});
  Expect("Tintin - 03 - Le Titre", {"Tintin", "3", "", "", ""});
  Expect("The Walking Dead #007a", {"The Walking Dead", "7a", "", "", ""});
  Expect("[Group] Series c012 [x264] (2001-2005)", {"Series", "12", "", "2001", ""});
  Expect("2000AD 1234", {"2000AD", "1234", "", "", ""});
}

TEST(FileNameInfoTest, ATitleSaysNothing) {
  Expect("Akira", {});
  Expect("The Complete Maus (1996)", {});
  Expect("", {});
  Expect("001", {});
  Expect("v01", {});
  Expect("   ", {});
  Expect("Blade Runner 2049", {});  // a year, or part of the title
  Expect("V for Vendetta", {});
  Expect("Watchmen 1234567", {});  // too long for a number of anything
  Expect("Broken (bracket", {});
}

}  // namespace
}  // namespace cbzfs
