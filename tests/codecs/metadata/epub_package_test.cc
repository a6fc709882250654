#include "codecs/metadata/epub_package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;

std::string Container(const std::string& path) {
  return "<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><rootfiles>"
         "<rootfile full-path='" +
         path + "'/></rootfiles></container>";
}

std::string Package(const std::string& metadata, const std::string& manifest,
                    const std::string& spine) {
  return "<opf:package xmlns:opf='http://www.idpf.org/2007/opf' "
         "xmlns:dc='http://purl.org/dc/elements/1.1/'><opf:metadata>" +
         metadata + "</opf:metadata><opf:manifest>" + manifest + "</opf:manifest><opf:spine>" +
         spine + "</opf:spine></opf:package>";
}

TEST(PackagePathTest, IsThatOfTheFirstRootFile) {
  const auto path = PackagePathOf(Container("OEBPS/./content%20one.opf"));
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(*path, "OEBPS/content one.opf");
}

TEST(PackagePathTest, NeverLeavesTheArchive) {
  const auto path = PackagePathOf(Container("/../../etc/passwd"));
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(*path, "etc/passwd");
}

TEST(PackagePathTest, WhatNamesNoneIsNoEpub) {
  for (const std::string& text : {std::string("no XML <"), Container(""), std::string("<a/>")}) {
    EXPECT_EQ(PackagePathOf(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(PackageDocumentTest, TheSpineIsInOrderAndBesideThePackage) {
  const auto package = ReadPackageDocument(
      Package("<dc:title>T</dc:title>",
              "<opf:item id='a' href='text/a.xhtml#top'/><opf:item id='b' href='../b.xhtml'/>"
              "<opf:item id='c' href='unused.xhtml'/>",
              "<opf:itemref idref='b'/><opf:itemref idref='nowhere'/><opf:itemref idref='a'/>"),
      "OEBPS/content.opf");
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_THAT(package->spine, ElementsAre("b.xhtml", "OEBPS/text/a.xhtml"));
  EXPECT_EQ(package->info.Get(ComicField::kTitle), "T");
  EXPECT_FALSE(package->fixed_layout);
}

TEST(PackageDocumentTest, AFixedLayoutIsSaidInTwoWays) {
  const auto fixed = [](const std::string& metadata) {
    const auto package = ReadPackageDocument(Package(metadata, "", ""), "content.opf");
    return package.ok() && package->fixed_layout;
  };
  EXPECT_TRUE(fixed("<opf:meta property='rendition:layout'> pre-paginated </opf:meta>"));
  EXPECT_TRUE(fixed("<opf:meta name='fixed-layout' content='True'/>"));
  EXPECT_FALSE(fixed("<opf:meta property='rendition:layout'>reflowable</opf:meta>"));
  EXPECT_FALSE(fixed("<opf:meta name='fixed-layout' content='false'/>"));
}

TEST(PackageDocumentTest, OtherXmlIsNone) {
  EXPECT_FALSE(ReadPackageDocument("<ncx/>", "a.opf").ok());
  EXPECT_FALSE(ReadPackageDocument("", "a.opf").ok());
}

TEST(PackageDocumentTest, ASpineHasAnEnd) {
  std::string spine;
  for (size_t i = 0; i < kMostSpine + 5; ++i) spine += "<opf:itemref idref='a'/>";
  const auto package =
      ReadPackageDocument(Package("", "<opf:item id='a' href='a.xhtml'/>", spine), "a.opf");
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_THAT(package->spine, SizeIs(kMostSpine));
}

TEST(DisplayOptionsTest, AppleSaysItInAFileOfItsOwn) {
  EXPECT_TRUE(DisplayOptionsFixLayout(
      "<display_options><platform name='*'><option name='fixed-layout'>true</option></platform>"
      "</display_options>"));
  EXPECT_FALSE(DisplayOptionsFixLayout("<display_options/>"));
  EXPECT_FALSE(DisplayOptionsFixLayout("<"));
}

MATCHER_P2(IsSized, width, height, "") { return arg.width == width && arg.height == height; }

TEST(ViewportTest, OfAPage) {
  EXPECT_THAT(ViewportOf("<html><head><meta name='viewport' content='width=1072, height=1448'/>"
                         "</head></html>"),
              Optional(IsSized(1072, 1448)));
  EXPECT_THAT(ViewportOf("<html><head><meta name='viewport' content=' height = 30px;width=20'/>"
                         "</head></html>"),
              Optional(IsSized(20, 30)));
}

TEST(ViewportTest, OfAnSvgOrAnImage) {
  EXPECT_THAT(ViewportOf("<svg viewBox='0 0 600,800'/>"), Optional(IsSized(600, 800)));
  EXPECT_THAT(ViewportOf("<svg width='60' height='80'/>"), Optional(IsSized(60, 80)));
  EXPECT_THAT(ViewportOf("<html><body><p><img width='5' height='7'/></p></body></html>"),
              Optional(IsSized(5, 7)));
}

TEST(ViewportTest, WhatIsNoSizeIsNone) {
  for (const char* const text :
       {"<html><body><p>text</p></body></html>", "", "<svg viewBox='0 0 0 9'/>",
        "<meta name='viewport' content='width=device-width, height=device-height'/>",
        "<meta name='viewport' content='width=1e30,height=5'/>",
        "<meta name='viewport' content='width=nan,height=nan'/>"}) {
    EXPECT_EQ(ViewportOf(text).has_value(), false) << text;
  }
}

}  // namespace
}  // namespace cbzfs
