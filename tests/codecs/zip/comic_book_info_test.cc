#include "codecs/zip/comic_book_info.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

using Json = nlohmann::json;

Document Book(Metadata info) {
  Document document{.info = std::move(info)};
  document.pages.resize(1);
  return document;
}

TEST(ComicBookInfoTest, SaysWhatCalibreReads) {
  const Document document = Book({{ComicField::kTitle, "The \"Title\""},
                                  {ComicField::kSeries, "Saga"},
                                  {ComicField::kNumber, "2.5"},
                                  {ComicField::kVolume, "1"},
                                  {ComicField::kYear, "2012"},
                                  {ComicField::kWriter, "Ann Author, Bob Both"},
                                  {ComicField::kPenciller, "Ian Ink"},
                                  {ComicField::kTags, "Space, Opera"},
                                  {ComicField::kSummary, "What happens."}});
  const Json comment = Json::parse(ComicBookInfo(document, "Stem"));
  EXPECT_EQ(comment["appID"], "cbzfs");
  const Json& book = comment["ComicBookInfo/1.0"];
  EXPECT_EQ(book, Json({{"title", "The \"Title\""},
                        {"series", "Saga"},
                        {"issue", 2.5},
                        {"volume", 1},
                        {"publicationYear", 2012},
                        {"comments", "What happens."},
                        {"tags", {"Space", "Opera"}},
                        {"credits",
                         {{{"person", "Ann Author"}, {"role", "Writer"}},
                          {{"person", "Bob Both"}, {"role", "Writer"}},
                          {{"person", "Ian Ink"}, {"role", "Artist"}}}}}));
}

TEST(ComicBookInfoTest, TheFileNameCounts) {
  const Json comment = Json::parse(ComicBookInfo(Book({}), "Saga 003 (2012)"));
  EXPECT_EQ(comment["ComicBookInfo/1.0"], Json({{"title", "Saga 003 (2012)"},
                                                {"series", "Saga"},
                                                {"issue", 3},
                                                {"publicationYear", 2012}}));
}

TEST(ComicBookInfoTest, NothingKnownIsNoComment) {
  EXPECT_EQ(ComicBookInfo(Book({}), "Akira"), "");
}

TEST(ComicBookInfoTest, TheLongestFitsIntoAnArchive) {
  Document document = Book({});
  for (size_t i = 0; i < kComicFields; ++i) {
    document.info.Add(static_cast<ComicField>(i), std::string(10'000, '"'));
  }
  const std::string comment = ComicBookInfo(document, std::string(255, '\xff'));
  EXPECT_LT(comment.size(), 48u << 10);
  EXPECT_TRUE(IsValidUtf8(comment));
  EXPECT_TRUE(Json::accept(comment));
}

TEST(ComicBookInfoTest, AMarkIsFoundAtTheEndAndNowhereElse) {
  for (const std::string& comment : {std::string(), ComicBookInfo(Book({}), "Saga 3")}) {
    const std::string marked = WithMark(comment, "tight 1");
    EXPECT_EQ(Json::parse(marked)["cbzfs"], "tight 1");
    EXPECT_TRUE(EndsWithMark("PK\5\6" + marked, "tight 1"));
    EXPECT_FALSE(EndsWithMark(marked, "tight 12"));
    EXPECT_FALSE(EndsWithMark(marked + "x", "tight 1"));
    EXPECT_EQ(Json::parse(marked).contains("ComicBookInfo/1.0"), !comment.empty());
  }
}

}  // namespace
}  // namespace cbzfs
