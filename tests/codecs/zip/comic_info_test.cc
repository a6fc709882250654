#include "codecs/zip/comic_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <random>
#include <string>

#include "codecs/document/utf8.h"
#include "tests/codecs/zip/tool.h"

namespace cbzfs {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::RunTool;
using testing::ScratchDir;
using testing::WriteFile;

Document Book(uint32_t pages, Metadata info = {}) {
  Document document{.info = std::move(info)};
  for (uint32_t i = 0; i < pages; ++i) {
    document.pages.push_back({.width = 1000 + i, .height = 9990 + i, .dpi = 150});
  }
  return document;
}

ComicInfoSource Source(const Document& document, std::string_view stem = "Stem") {
  return {.document = document, .stem = stem, .fingerprint = 0xAB, .data_bytes = [](uint32_t page) {
            return page == 0 ? uint64_t{7} : uint64_t{995} * page * page;
          }};
}

std::string Title(const Metadata& info, std::string_view stem) {
  const Document document = Book(1, info);
  const std::string text = ComicInfoText(Source(document, stem));
  EXPECT_TRUE(IsValidUtf8(text));
  pugi::xml_document xml;
  EXPECT_TRUE(
      xml.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata));
  return xml.child("ComicInfo").child("Title").text().get();
}

TEST(ComicInfoTest, TellsWhatIsKnownOfTheBook) {
  const Document document =
      Book(2, {{ComicField::kTitle, "The <Title> & more"}, {ComicField::kWriter, "An \"Author\""}});
  EXPECT_EQ(ComicInfoText(Source(document)),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
            "<ComicInfo>\n"
            "<Title>The &lt;Title&gt; &amp; more</Title>\n"
            "<Notes>cbzfs id 00000000000000ab</Notes>\n"
            "<Writer>An \"Author\"</Writer>\n"
            "<PageCount>2</PageCount>\n"
            "<Pages>\n"
            "<Page Image=\"0\" Type=\"FrontCover\" ImageSize=\"7\" ImageWidth=\"1000\""
            " ImageHeight=\"9990\" />\n"
            "<Page Image=\"1\" ImageSize=\"995\" ImageWidth=\"1001\" ImageHeight=\"9991\" />\n"
            "</Pages>\n"
            "</ComicInfo>\n");
}

TEST(ComicInfoTest, TheFileNameIsTheTitleOfABookWithout) {
  EXPECT_EQ(Title({{ComicField::kTitle, "Of the document"}}, "Stem"), "Of the document");
  EXPECT_EQ(Title({}, "Stem"), "Stem");
}

TEST(ComicInfoTest, WhatXmlCannotHoldIsReplaced) {
  EXPECT_EQ(Title({}, "a\xff\xc3z"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(Title({}, "a\x01\n\x7f\xc2\x85z"), "a    z");
  EXPECT_EQ(Title({}, "a\uFFFE\uFFFFz"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(Title({}, "\u00e4\U0001F600"), "\u00e4\U0001F600");
  EXPECT_EQ(Title({}, std::string_view("a\0b", 3)), "a b");
}

TEST(ComicInfoTest, TheLengthIsKnownWithoutTheText) {
  std::mt19937_64 random(1);
  for (const uint32_t pages : {1u, 2u, 3u, 9u, 10u, 11u, 100u, 101u, 1234u, 12345u}) {
    Document document = Book(pages, {{ComicField::kTitle, pages % 2 == 0 ? "T & T" : ""},
                                     {ComicField::kWriter, pages % 3 == 0 ? "A" : ""}});
    for (Page& page : document.pages) {
      page.width = static_cast<uint32_t>(random() % 65500);
      page.height = static_cast<uint32_t>(random() % (1u << random() % 17));
    }
    for (uint32_t page = 0; page < pages; page += 1 + static_cast<uint32_t>(random() % 20)) {
      document.marks.push_back({.page = page,
                                .bookmark = random() % 2 == 0 ? "B & \"B\" <3" : "",
                                .label = std::string(1 + random() % 3, 'i'),
                                .type = static_cast<PageType>(random() % (kMaxPageType + 1))});
    }
    EXPECT_EQ(ComicInfoBytes(Source(document)), ComicInfoText(Source(document)).size()) << pages;
  }
}

pugi::xml_node PagesOf(const Document& document, pugi::xml_document* xml) {
  const std::string text = ComicInfoText(Source(document));
  EXPECT_TRUE(xml->load_buffer(text.data(), text.size()));
  return xml->child("ComicInfo").child("Pages");
}

std::string Attribute(pugi::xml_node pages, int index, const char* name) {
  return pages.select_nodes("Page")[index].node().attribute(name).value();
}

TEST(ComicInfoTest, PagesHaveTheirBookmarksAndLabels) {
  Document document = Book(3);
  document.marks = {{.page = 1, .bookmark = "Chapter 1", .label = "ii"}};
  pugi::xml_document xml;
  const pugi::xml_node pages = PagesOf(document, &xml);
  EXPECT_EQ(Attribute(pages, 1, "Bookmark"), "Chapter 1");
  EXPECT_EQ(Attribute(pages, 1, "Key"), "ii");
  EXPECT_EQ(Attribute(pages, 0, "Bookmark") + Attribute(pages, 2, "Bookmark"), "");
}

TEST(ComicInfoTest, TheFirstPageIsTheCoverUnlessAnotherIs) {
  Document document = Book(3);
  pugi::xml_document xml;
  pugi::xml_node pages = PagesOf(document, &xml);
  EXPECT_EQ(Attribute(pages, 0, "Type"), "FrontCover");
  document.marks = {{.page = 1, .type = PageType::kFrontCover},
                    {.page = 2, .type = PageType::kBackCover}};
  pages = PagesOf(document, &xml);
  EXPECT_EQ(Attribute(pages, 0, "Type"), "");
  EXPECT_EQ(Attribute(pages, 1, "Type"), "FrontCover");
  EXPECT_EQ(Attribute(pages, 2, "Type"), "BackCover");
}

TEST(ComicInfoTest, AWidePageOfAnUprightBookIsADoubleOne) {
  Document document = Book(3);
  document.pages[1].width = 20'000;
  pugi::xml_document xml;
  pugi::xml_node pages = PagesOf(document, &xml);
  EXPECT_EQ(Attribute(pages, 0, "DoublePage"), "");
  EXPECT_EQ(Attribute(pages, 1, "DoublePage"), "true");
  // Where most pages are wide, that is the book's form.
  document.pages[2].width = 20'000;
  pages = PagesOf(document, &xml);
  EXPECT_EQ(Attribute(pages, 1, "DoublePage"), "");
}

TEST(ComicInfoTest, TheFileNameFillsWhatTheDocumentDoesNotSay) {
  const Document document = Book(1, {{ComicField::kSeries, "Of the document"}});
  const std::string text = ComicInfoText(Source(document, "Saga v02 003 (2012)"));
  EXPECT_THAT(text, HasSubstr("<Series>Of the document</Series>\n<Number>3</Number>\n"
                              "<Volume>2</Volume>\n"));
  EXPECT_THAT(text, HasSubstr("<Year>2012</Year>"));
}

TEST(ComicInfoTest, TheIdStandsBehindNotesOfTheBook) {
  const Document document = Book(1, {{ComicField::kNotes, "Mine."}});
  EXPECT_THAT(ComicInfoText(Source(document)),
              HasSubstr("<Notes>Mine. [cbzfs id 00000000000000ab]</Notes>"));
}

TEST(ComicInfoTest, IsValidByTheSchema) {
  const ScratchDir scratch;
  const std::string names[] = {"Plain", "", "bad \xff\xfe\x01 <&>\"'", "\u00e4\u20ac"};
  for (const std::string& name : names) {
    Document document = Book(120);
    if (name == "Plain") {
      // All there is, and nothing that the schema would not allow.
      for (size_t i = 0; i < kComicFields; ++i) {
        for (const char* const text : {"5", "Yes", "Teen"}) {
          document.info.Add(static_cast<ComicField>(i), text);
        }
      }
      EXPECT_EQ(document.info.fields().size(), kComicFields);
      for (uint32_t page = 0; page <= kMaxPageType; ++page) {
        document.marks.push_back({.page = page,
                                  .bookmark = "Chapter <1>",
                                  .label = "iv",
                                  .type = static_cast<PageType>(page)});
      }
      document.pages[7].width = 20'000;
    }
    const std::string path = scratch.Path("ComicInfo.xml");
    WriteFile(path, ComicInfoText(Source(document, name)));
    const auto result =
        RunTool("libxml2-utils",
                "xmllint --nonet --noout --schema " CBZFS_TEST_DATA "/ComicInfo.xsd " + path);
    EXPECT_EQ(result.status, 0) << result.output;
  }
}

TEST(ComicInfoTest, TheSchemaNoticesAWrongOrder) {
  const ScratchDir scratch;
  const std::string path = scratch.Path("ComicInfo.xml");
  WriteFile(path, "<ComicInfo><Notes>x</Notes><Title>y</Title></ComicInfo>");
  const auto result =
      RunTool("libxml2-utils",
              "xmllint --nonet --noout --schema " CBZFS_TEST_DATA "/ComicInfo.xsd " + path);
  EXPECT_EQ(result.status, 3) << result.output;
}

}  // namespace
}  // namespace cbzfs
