#include "codecs/metadata/sidecar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Opf(std::string_view metadata, std::string_view rest = "") {
  return "<?xml version='1.0' encoding='utf-8'?>"
         "<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"2.0\">"
         "<metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
         " xmlns:opf=\"http://www.idpf.org/2007/opf\">" +
         std::string(metadata) + "</metadata>" + std::string(rest) + "</package>";
}

std::string Said(const std::string& text, ComicField field) {
  const auto sidecar = ReadSidecar(text);
  EXPECT_TRUE(sidecar.ok()) << sidecar.status();
  return sidecar.ok() ? std::string(sidecar->info.Get(field)) : "";
}

TEST(SidecarTest, CalibresMetadata) {
  const std::string text =
      Opf("<dc:title>The Title</dc:title>"
          "<dc:creator opf:file-as=\"A, A\" opf:role=\"aut\">Ann Author</dc:creator>"
          "<dc:creator opf:role=\"ill\">Ian Ink</dc:creator>"
          "<dc:contributor opf:role=\"bkp\">calibre (6.1)</dc:contributor>"
          "<dc:contributor opf:role=\"trl\">Tess Trans</dc:contributor>"
          "<dc:date>0101-01-01T00:00:00+00:00</dc:date>"
          "<dc:description>&lt;p&gt;One &lt;b&gt;bold&lt;/b&gt; word.&lt;/p&gt;</dc:description>"
          "<dc:language>eng</dc:language><dc:subject>Tag 1</dc:subject>"
          "<dc:subject>Tag 2</dc:subject>"
          "<dc:identifier opf:scheme=\"ISBN\">9781607066019</dc:identifier>"
          "<meta name=\"calibre:series\" content=\"Saga\"/>"
          "<meta name=\"calibre:series_index\" content=\"1.0\"/>");
  EXPECT_EQ(Said(text, ComicField::kTitle), "The Title");
  EXPECT_EQ(Said(text, ComicField::kWriter), "Ann Author");
  EXPECT_EQ(Said(text, ComicField::kPenciller), "Ian Ink");
  EXPECT_EQ(Said(text, ComicField::kTranslator), "Tess Trans");
  EXPECT_EQ(Said(text, ComicField::kYear), "");
  EXPECT_EQ(Said(text, ComicField::kSummary), "One bold word.");
  EXPECT_EQ(Said(text, ComicField::kLanguageIso), "eng");
  EXPECT_EQ(Said(text, ComicField::kTags), "Tag 1, Tag 2");
  EXPECT_EQ(Said(text, ComicField::kGtin), "9781607066019");
  EXPECT_EQ(Said(text, ComicField::kSeries), "Saga");
  EXPECT_EQ(Said(text, ComicField::kNumber), "1");
}

TEST(SidecarTest, TheFormOfEpub3) {
  const std::string text =
      Opf("<dc:creator id=\"c1\">Ian Ink</dc:creator>"
          "<meta refines=\"#c1\" property=\"role\">ill</meta>"
          "<dc:identifier>urn:isbn:978-1-60706-601-9</dc:identifier>"
          "<meta property=\"belongs-to-collection\" id=\"s\">Saga</meta>"
          "<meta refines=\"#s\" property=\"group-position\">2</meta>",
          "<spine page-progression-direction=\"rtl\"/>");
  EXPECT_EQ(Said(text, ComicField::kPenciller), "Ian Ink");
  EXPECT_EQ(Said(text, ComicField::kWriter), "");
  EXPECT_EQ(Said(text, ComicField::kGtin), "9781607066019");
  EXPECT_EQ(Said(text, ComicField::kSeries), "Saga");
  EXPECT_EQ(Said(text, ComicField::kNumber), "2");
  EXPECT_EQ(Said(text, ComicField::kManga), "YesAndRightToLeft");
}

TEST(SidecarTest, AComicInfoIsTakenElementByElement) {
  const std::string text =
      "<ComicInfo><Year>soon</Year><Title>T</Title><AgeRating>Teen</AgeRating><Manga>Maybe</Manga>"
      "<CommunityRating>4.5</CommunityRating><Unheard>x</Unheard><PageCount>99</PageCount>"
      "<Pages><Page Image=\"2\" Type=\"BackCover\"/><Page Image=\"0\" Bookmark=\"Start\"/>"
      "<Page Image=\"-1\" Bookmark=\"no\"/><Page Image=\"1\" ImageSize=\"7\"/>"
      "<Page Image=\"9\" Bookmark=\"past the end\"/></Pages></ComicInfo>";
  const auto sidecar = ReadSidecar(text);
  ASSERT_TRUE(sidecar.ok()) << sidecar.status();
  EXPECT_EQ(sidecar->info, Metadata({{ComicField::kTitle, "T"},
                                     {ComicField::kAgeRating, "Teen"},
                                     {ComicField::kCommunityRating, "4.5"}}));
  Document document{.info = {{ComicField::kTitle, "of the PDF"}, {ComicField::kWriter, "W"}}};
  document.pages.resize(3);
  document.marks = {{.page = 0, .bookmark = "of the PDF", .label = "i"},
                    {.page = 1, .label = "ii"}};
  AddSidecar(*sidecar, &document);
  EXPECT_EQ(document.info.Get(ComicField::kTitle), "T");
  EXPECT_EQ(document.info.Get(ComicField::kWriter), "W");
  EXPECT_THAT(document.marks, ElementsAre(PageMark{.page = 0, .bookmark = "Start", .label = "i"},
                                          PageMark{.page = 1, .label = "ii"},
                                          PageMark{.page = 2, .type = PageType::kBackCover}));
}

TEST(SidecarTest, OthersAreRefusedWithTheReason) {
  const auto broken = ReadSidecar("<ComicInfo><Title>x</ComicInfo>").status();
  EXPECT_TRUE(absl::IsInvalidArgument(broken));
  EXPECT_THAT(std::string(broken.message()), HasSubstr("no XML: "));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSidecar("").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSidecar(std::string(2 << 20, ' ')).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadSidecar("<svg/>").status()));
  // The root of another namespace is another root.
  EXPECT_TRUE(absl::IsNotFound(ReadSidecar("<package xmlns=\"urn:x\"/>").status()));
}

}  // namespace
}  // namespace cbzfs
