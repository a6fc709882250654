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

Document Book(uint32_t pages, DocumentInfo info = {}) {
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

std::string Title(const DocumentInfo& info, std::string_view stem) {
  const Document document = Book(1, info);
  const std::string text = ComicInfoText(Source(document, stem));
  EXPECT_TRUE(IsValidUtf8(text));
  pugi::xml_document xml;
  EXPECT_TRUE(
      xml.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata));
  return xml.child("ComicInfo").child("Title").text().get();
}

TEST(ComicInfoTest, TellsWhatIsKnownOfTheBook) {
  const Document document = Book(2, {"The <Title> & more", "An \"Author\""});
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
  EXPECT_EQ(Title({"Of the document", ""}, "Stem"), "Of the document");
  EXPECT_EQ(Title({"", ""}, "Stem"), "Stem");
  EXPECT_EQ(Title({"   ", ""}, "Stem"), "Stem");
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
    Document document = Book(pages, {pages % 2 == 0 ? "T & T" : "", pages % 3 == 0 ? "A" : ""});
    for (Page& page : document.pages) {
      page.width = static_cast<uint32_t>(random() % 65500);
      page.height = static_cast<uint32_t>(random() % (1u << random() % 17));
    }
    EXPECT_EQ(ComicInfoBytes(Source(document)), ComicInfoText(Source(document)).size()) << pages;
  }
}

TEST(ComicInfoTest, IsValidByTheSchema) {
  const ScratchDir scratch;
  const std::string names[] = {"Plain", "", "bad \xff\xfe\x01 <&>\"'", "\u00e4\u20ac"};
  for (const std::string& name : names) {
    const Document document = Book(120, {"", name == "Plain" ? "Author" : ""});
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
