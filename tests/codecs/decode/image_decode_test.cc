// Pixels against Pillow's (or the format's own program's), of every format and kind.

#include "codecs/decode/image_decode.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "codecs/decode/image_info.h"
#include "codecs/decode/pixel_math.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/decode/image_samples.h"

namespace cbzfs {
namespace {

using testing::DecodeAll;
using testing::Difference;
using testing::ImageSample;
using testing::Pixels;
using testing::SampleOf;
using testing::SamplesOf;
using testing::Span;

class EveryFormat : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryFormat, LooksAsElsewhere) {
  for (const ImageSample& sample : SamplesOf(GetParam())) {
    SCOPED_TRACE(sample.name);
    const auto pixels = DecodeAll(sample.file);
    ASSERT_TRUE(pixels.ok()) << pixels.status();
    EXPECT_EQ(pixels->width, sample.expected.width);
    EXPECT_EQ(pixels->height, sample.expected.height);
    EXPECT_EQ(pixels->components, sample.expected.components);
    EXPECT_LE(Difference(*pixels, sample.expected), sample.tolerance);
    EXPECT_EQ(pixels->damage, "");
  }
}

TEST_P(EveryFormat, TheHeaderSaysTheSizeThatTheRowsHave) {
  for (const ImageSample& sample : SamplesOf(GetParam())) {
    SCOPED_TRACE(sample.name);
    const std::string head = sample.file.substr(0, kImageHeadBytes);
    const auto info = ReadImageInfo(Span(head), sample.file.size());
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->width, sample.expected.width);
    EXPECT_EQ(info->height, sample.expected.height);
    EXPECT_EQ(info->gray, sample.expected.components == 1);
    EXPECT_EQ(info->format, FormatOf(Span(head)));
    EXPECT_GT(info->decode_bytes, 0u);
  }
}

TEST_P(EveryFormat, EveryPassGivesTheSameRows) {
  for (const ImageSample& sample : SamplesOf(GetParam())) {
    SCOPED_TRACE(sample.name);
    auto rows = DecodeImage(Span(sample.file));
    ASSERT_TRUE(rows.ok());
    const size_t row_bytes = size_t{(*rows)->width()} * (*rows)->components();
    // The first pass is left in the middle.
    const uint32_t height = (*rows)->height();
    std::vector<uint8_t> passes[3];
    for (int pass = 0; pass < 3; ++pass) {
      ASSERT_TRUE((*rows)->Rewind().ok());
      for (uint32_t y = 0; y < (pass == 0 ? height / 2 : height); ++y) {
        const uint8_t* row = (*rows)->Next();
        ASSERT_NE(row, nullptr);
        passes[pass].insert(passes[pass].end(), row, row + row_bytes);
      }
    }
    EXPECT_EQ(passes[1], passes[2]);
    passes[1].resize(passes[0].size());
    EXPECT_EQ(passes[0], passes[1]);
  }
}

TEST_P(EveryFormat, AScaledDecodeHasAtLeastTheSizeAskedFor) {
  for (const ImageSample& sample : SamplesOf(GetParam())) {
    SCOPED_TRACE(sample.name);
    const uint32_t width = sample.expected.width;
    const uint32_t height = sample.expected.height;
    for (const uint32_t part : {1u, 2u, 3u, 7u, 40u}) {
      const DecodeSize least = {.least_width = std::max(width / part, 1u),
                                .least_height = std::max(height / (part + 1), 1u)};
      const auto pixels = DecodeAll(sample.file, least);
      ASSERT_TRUE(pixels.ok()) << pixels.status();
      EXPECT_GE(pixels->width, least.least_width);
      EXPECT_GE(pixels->height, least.least_height);
      EXPECT_LE(pixels->width, width);
      EXPECT_LE(pixels->height, height);
    }
    const auto large = DecodeAll(sample.file, {.least_width = 10 * width, .least_height = 1});
    ASSERT_TRUE(large.ok());
    EXPECT_LE(Difference(*large, sample.expected), sample.tolerance);
  }
}

std::vector<const char*> Extensions() {
  std::vector<const char*> extensions = {"jpg", "png", "gif", "webp", "bmp", "tif", "jp2", "j2k"};
#ifdef CBZFS_HAVE_AVIF
  extensions.push_back("avif");
#endif
#ifdef CBZFS_HAVE_JXL
  extensions.push_back("jxl");
#endif
  return extensions;
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat, ::testing::ValuesIn(Extensions()),
                         [](const auto& format) { return std::string(format.param); });

// The mean colour is about the same, and the size is what the decoder's steps give.
void ExpectScaled(const std::string& name, const DecodeSize& least, uint32_t width,
                  uint32_t height) {
  SCOPED_TRACE(name);
  const ImageSample& sample = SampleOf(name);
  const auto pixels = DecodeAll(sample.file, least);
  ASSERT_TRUE(pixels.ok()) << pixels.status();
  EXPECT_EQ(pixels->width, width);
  EXPECT_EQ(pixels->height, height);
  const auto mean = [](const Pixels& of) {
    double sum = 0;
    for (const uint8_t v : of.bytes) sum += v;
    return sum / static_cast<double>(of.bytes.size());
  };
  EXPECT_NEAR(mean(*pixels), mean(sample.expected), 4);
}

TEST(ScaledDecode, TakesTheSmallestStepThatDoes) {
  // 203 x 150.
  ExpectScaled("rgb_420.jpg", {100, 75}, 102, 75);
  ExpectScaled("rgb_420.jpg", {102, 76}, 203, 150);
  ExpectScaled("rgb_progressive.jpg", {51, 1}, 51, 38);
  ExpectScaled("rgb_420.jpg", {26, 19}, 26, 19);
  ExpectScaled("rgb_420.jpg", {1, 1}, 26, 19);
  ExpectScaled("lossy.jp2", {51, 38}, 51, 38);
  ExpectScaled("lossy.jp2", {52, 38}, 102, 75);
  ExpectScaled("tiled.jp2", {51, 38}, 51, 38);
  ExpectScaled("lossy.webp", {60, 40}, 60, 45);
  ExpectScaled("lossy.webp", {1, 100}, 136, 100);
}

TEST(ScaledDecode, CountsUprightSides) {
  // 47 x 61 upright, 61 x 47 in the file.
  ExpectScaled("turn6.jpg", {20, 31}, 24, 31);
  ExpectScaled("turn6.jpg", {24, 32}, 47, 61);
  ExpectScaled("turn5.webp", {24, 30}, 24, 32);
}

TEST(OnWhite, IsPillowsCompositeForEveryValue) {
  for (uint32_t v = 0; v < 256; ++v) {
    for (uint32_t alpha = 0; alpha < 256; ++alpha) {
      // AlphaComposite.c for an opaque white below, with its 7 bits of precision.
      const uint32_t coefficient = alpha * 255 * 255 * 128 / (255 * 255);
      const uint32_t sum = v * coefficient + 255 * (255 * 128 - coefficient) + (0x80 << 7);
      ASSERT_EQ(OnWhite(static_cast<uint8_t>(v), static_cast<uint8_t>(alpha)),
                (((sum >> 8) + sum) >> 8) >> 7)
          << v << " " << alpha;
    }
  }
}

TEST(IccSegments, AreTheProfileOfTheFile) {
  const std::string profile = testing::SampleFile("profile.icc");
  const size_t length = profile.size() + 16;
  const std::string segment = std::string("\xFF\xE2") + static_cast<char>(length >> 8) +
                              static_cast<char>(length & 255) +
                              std::string("ICC_PROFILE\0\1\1", 14) + profile;
  for (const char* name : {"profile.jpg", "profile.png", "profile.webp", "profile.tif"}) {
    SCOPED_TRACE(name);
    const std::string& file = SampleOf(name).file;
    EXPECT_EQ(IccSegments(Span(file)), segment);
    const auto info = ReadImageInfo(Span(file.substr(0, kImageHeadBytes)), file.size());
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->icc_bytes, segment.size());
  }
  for (const char* name : {"rgb_420.jpg", "rgb.png", "lossy.webp", "rgb_raw.tif", "rgb.jp2"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(IccSegments(Span(SampleOf(name).file)), "");
    EXPECT_EQ(ReadImageInfo(Span(SampleOf(name).file), 1)->icc_bytes, 0u);
  }
}

TEST(IccSegments, AProfileForOtherColoursIsLeftOut) {
  for (const char* name : {"profile.jpg", "profile.webp", "profile.tif"}) {
    SCOPED_TRACE(name);
    std::string file = SampleOf(name).file;
    const size_t at = file.find("RGB XYZ ");
    ASSERT_NE(at, std::string::npos);
    file.replace(at, 4, "CMYK");
    EXPECT_EQ(IccSegments(Span(file)), "");
  }
}

}  // namespace
}  // namespace cbzfs
