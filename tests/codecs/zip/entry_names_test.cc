#include "codecs/zip/entry_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

TEST(EntryNamesTest, NumbersArePaddedToFourDigitsOrMore) {
  EXPECT_EQ(EntryNames(PageNames::kNumber, "Stem", 5).Name(0), "0001.jpg");
  EXPECT_EQ(EntryNames(PageNames::kNumber, "Stem", 9999).Name(9998), "9999.jpg");
  EXPECT_EQ(EntryNames(PageNames::kNumber, "Stem", 10000).Name(0), "00001.jpg");
  EXPECT_EQ(EntryNames(PageNames::kNumber, "Stem", 1000000).Name(999999), "1000000.jpg");
}

TEST(EntryNamesTest, SeedNamesCarryTheStemAndNoPadding) {
  const EntryNames names(PageNames::kSeed, "My Book", 120);
  EXPECT_EQ(names.Name(0), "My Book page_1.jpg");
  EXPECT_EQ(names.Name(119), "My Book page_120.jpg");
}

TEST(EntryNamesTest, LengthsAreThoseOfTheNames) {
  for (const PageNames style : {PageNames::kNumber, PageNames::kSeed}) {
    for (const uint32_t pages : {1u, 9u, 10u, 99u, 1234u, 12345u, 123456u}) {
      const EntryNames names(style, "Stem", pages);
      uint64_t before = 0;
      for (uint32_t page = 0; page < pages; ++page) {
        ASSERT_EQ(names.BytesBefore(page), before) << pages << " " << page;
        ASSERT_EQ(names.Bytes(page), names.Name(page).size());
        before += names.Bytes(page);
      }
      EXPECT_EQ(names.BytesBefore(pages), before);
    }
  }
}

TEST(EntryNamesTest, AListIsTheNamesAsGiven) {
  const std::vector<std::string> list = {"b.jpg", "", "folder/\u00e9.txt", "a"};
  const EntryNames names(list);
  uint64_t before = 0;
  for (uint32_t page = 0; page < list.size(); ++page) {
    EXPECT_EQ(names.Name(page), list[page]);
    EXPECT_EQ(names.Bytes(page), list[page].size());
    EXPECT_EQ(names.BytesBefore(page), before);
    before += list[page].size();
  }
  EXPECT_EQ(names.BytesBefore(4), before);
}

TEST(EntryNamesTest, LongStemsAreCutBetweenCharacters) {
  std::string stem;
  for (int i = 0; i < 100; ++i) stem += "\u20ac";  // three bytes
  for (int lead = 0; lead < 4; ++lead) {
    const EntryNames names(PageNames::kSeed, std::string(lead, 'a') + stem, 120);
    const std::string name = names.Name(119);
    EXPECT_TRUE(IsValidUtf8(name)) << name;
    EXPECT_LE(name.size(), 255u);
    EXPECT_GE(name.size(), 253u);
  }
}

TEST(EntryNamesTest, LongStemsThatAreNoTextAreCutAnywhere) {
  for (const char byte : {'\x80', '\xff', '\xf0'}) {
    const std::string name = EntryNames(PageNames::kSeed, std::string(300, byte), 7).Name(6);
    EXPECT_LE(name.size(), 255u);
    EXPECT_GE(name.size(), 252u);
  }
}

TEST(EntryNamesTest, NoNameLeavesItsFolder) {
  const std::string name = EntryNames(PageNames::kSeed, std::string("../a\0b", 6), 1).Name(0);
  EXPECT_EQ(name, ".._a_b page_1.jpg");
}

}  // namespace
}  // namespace cbzfs
