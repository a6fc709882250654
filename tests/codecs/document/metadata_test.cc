#include "codecs/document/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(MetadataTest, FieldsStandInTheOrderOfTheSchema) {
  Metadata info;
  info.Add(ComicField::kGtin, "1");
  info.Add(ComicField::kTitle, "t");
  info.Add(ComicField::kWriter, "w");
  EXPECT_THAT(info.fields(),
              ElementsAre(Pair(ComicField::kTitle, "t"), Pair(ComicField::kWriter, "w"),
                          Pair(ComicField::kGtin, "1")));
}

TEST(MetadataTest, TheFirstToSaySomethingIsBelieved) {
  Metadata info = {{ComicField::kTitle, "first"}, {ComicField::kTitle, "second"}};
  info.AddAll({{ComicField::kTitle, "third"}, {ComicField::kSeries, "s"}});
  EXPECT_EQ(info, Metadata({{ComicField::kTitle, "first"}, {ComicField::kSeries, "s"}}));
}

TEST(MetadataTest, AMonthOfAnotherYearIsNone) {
  Metadata info = {{ComicField::kYear, "1999"}};
  info.AddAll({{ComicField::kYear, "2001"}, {ComicField::kMonth, "5"}, {ComicField::kDay, "6"}});
  EXPECT_EQ(info, Metadata({{ComicField::kYear, "1999"}}));
}

TEST(MetadataTest, WhatTheSchemaDoesNotAllowIsLeftOut) {
  const auto allowed = [](ComicField field, std::string_view text) {
    const Metadata info = {{field, text}};
    EXPECT_EQ(Metadata::IsClean(field, text), info.Get(field) == text && !text.empty()) << text;
    return !info.empty();
  };
  EXPECT_TRUE(allowed(ComicField::kYear, "2012"));
  EXPECT_FALSE(allowed(ComicField::kYear, "2012a"));
  EXPECT_FALSE(allowed(ComicField::kYear, "-5"));
  EXPECT_FALSE(allowed(ComicField::kYear, "99999999999"));
  EXPECT_TRUE(allowed(ComicField::kManga, "YesAndRightToLeft"));
  EXPECT_FALSE(allowed(ComicField::kManga, "yes"));
  EXPECT_TRUE(allowed(ComicField::kBlackAndWhite, "No"));
  EXPECT_FALSE(allowed(ComicField::kBlackAndWhite, "true"));
  EXPECT_TRUE(allowed(ComicField::kCommunityRating, "5.0"));
  EXPECT_FALSE(allowed(ComicField::kCommunityRating, "5.1"));
  EXPECT_FALSE(allowed(ComicField::kCommunityRating, "4.25"));
  EXPECT_TRUE(allowed(ComicField::kAgeRating, "Adults Only 18+"));
  EXPECT_FALSE(allowed(ComicField::kAgeRating, "old"));
  EXPECT_FALSE(allowed(ComicField::kTitle, " \t "));
}

TEST(MetadataTest, TextIsTamed) {
  const Metadata info = {{ComicField::kTitle, "  a\nb\xff \xEF\xBF\xBF "},
                         {ComicField::kWriter, std::string(5000, 'x')},
                         {ComicField::kSummary, std::string(9000, 'x')}};
  EXPECT_EQ(info.Get(ComicField::kTitle), "a b? ?");
  EXPECT_EQ(info.Get(ComicField::kWriter).size(), 1024u);
  EXPECT_EQ(info.Get(ComicField::kSummary).size(), 8192u);
}

TEST(MetadataTest, EveryFieldAndTypeIsFoundByItsName) {
  for (size_t i = 0; i < kComicFields; ++i) {
    const auto field = static_cast<ComicField>(i);
    EXPECT_EQ(FieldOfName(NameOf(field)), field);
  }
  EXPECT_EQ(FieldOfName("PageCount"), std::nullopt);
  for (uint32_t i = 0; i <= kMaxPageType; ++i) {
    const auto type = static_cast<PageType>(i);
    EXPECT_EQ(PageTypeOfName(NameOf(type)), type);
  }
}

}  // namespace
}  // namespace cbzfs
