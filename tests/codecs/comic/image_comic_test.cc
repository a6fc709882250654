#include "codecs/comic/image_comic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "codecs/document/document_codec.h"
#include "codecs/picture/image_page.h"
#include "tests/codecs/archive/zip_builder.h"
#include "tests/codecs/comic/image_samples.h"

namespace cbzfs {
namespace {

using testing::AsBytes;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::MakeJpeg;
using testing::MakePng;
using std::string_literals::operator""s;

// A GIF of one pixel.
std::string TinyGif() {
  return "GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"s;
}

TEST(ImageComicTest, AnImageIsATableOfOnePage) {
  const std::string jpeg = MakeJpeg({.width = 640, .height = 480, .components = 1});
  EXPECT_TRUE(CheckImage(AsBytes(jpeg)).ok());
  const auto document = AnalyseImage(AsBytes(jpeg), {}, false);
  ASSERT_TRUE(document.ok()) << document.status();
  ASSERT_EQ(document->pages.size(), 1u);
  const Page& page = document->pages[0];
  EXPECT_EQ(page.kind, PageKind::kImage);
  EXPECT_EQ(page.width, 640u);
  EXPECT_EQ(page.height, 480u);
  EXPECT_TRUE(page.gray);
  EXPECT_EQ(page.source_offset, 0u);
  EXPECT_EQ(page.source_bytes, jpeg.size());
  EXPECT_EQ(page.enhanced_bytes, 0u);
  EXPECT_TRUE(document->entries.empty());
  EXPECT_EQ(*DecodeDocument(EncodeDocument(*document), jpeg.size()), *document);
}

TEST(ImageComicTest, ItIsAsLargeAsItIsSeen) {
  const std::string lying = testing::WithOrientation(MakeJpeg({}), 6);
  const auto document = AnalyseImage(AsBytes(lying), {}, false);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->pages[0].width, 100u);
  EXPECT_EQ(document->pages[0].height, 200u);
}

TEST(ImageComicTest, TheSlotIsThereWhenAskedFor) {
  AnalyseOptions options;
  options.enhanced = true;
  const std::string png = MakePng(200, 300, false);
  for (const bool sparing : {false, true}) {
    const auto document = AnalyseImage(AsBytes(png), options, sparing);
    ASSERT_TRUE(document.ok()) << document.status();
    EXPECT_GE(document->pages[0].enhanced_bytes, MinPayload(200, 300));
  }
}

TEST(ImageComicTest, WhatIsNoWholeImageIsShownAsItIs) {
  const std::string jpeg = MakeJpeg({});
  for (const std::string& file :
       {""s, "text"s, jpeg.substr(0, jpeg.size() - 20), jpeg.substr(0, 30),
        MakePng(20, 20, true).substr(0, 60), std::string(70'000, '\0')}) {
    const absl::Status status = CheckImage(AsBytes(file));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), EndsWith(": shown as it is"));
    EXPECT_EQ(AnalyseImage(AsBytes(file), {}, false).status(), status);
  }
  EXPECT_THAT(std::string(CheckImage(AsBytes(jpeg.substr(0, jpeg.size() - 20))).message()),
              HasSubstr("ends too early"));
}

TEST(EndsProperlyTest, JpegsEndWithTheirMarker) {
  const std::string jpeg = MakeJpeg({});
  const std::string progressive = MakeJpeg({.progressive = true});
  for (const std::string& whole : {jpeg, progressive}) {
    EXPECT_TRUE(EndsProperly(AsBytes(whole)));
    EXPECT_TRUE(EndsProperly(AsBytes(whole + std::string(500, '\0')))) << "some programs add bytes";
    EXPECT_FALSE(EndsProperly(AsBytes(whole.substr(0, whole.size() - 2))));
    EXPECT_FALSE(EndsProperly(AsBytes(whole.substr(0, whole.size() / 2))));
  }
  // A marker in a thumbnail before the scan is no end.
  const std::string inner = testing::WithSegment(jpeg, 0xE1, "thumb \xFF\xD9");
  EXPECT_FALSE(EndsProperly(AsBytes(inner.substr(0, inner.size() - 2))));
}

TEST(EndsProperlyTest, PngsAndGifsEndWithTheirTrailer) {
  for (const std::string& whole : {MakePng(30, 30, true), TinyGif()}) {
    EXPECT_TRUE(EndsProperly(AsBytes(whole)));
    EXPECT_TRUE(EndsProperly(AsBytes(whole + "tail")));
    EXPECT_FALSE(EndsProperly(AsBytes(whole.substr(0, whole.size() - 1))));
  }
}

TEST(EndsProperlyTest, OtherFormatsAreNotLookedAt) {
  EXPECT_TRUE(EndsProperly(AsBytes("RIFF\x10\0\0\0WEBPVP8 cut off"s)));
  EXPECT_TRUE(EndsProperly(AsBytes("II*\0\x08\0\0\0"s)));
  EXPECT_TRUE(EndsProperly({}));
}

}  // namespace
}  // namespace cbzfs
