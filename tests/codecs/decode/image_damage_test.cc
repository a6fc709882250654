// Files that are cut, bent or lying: no crash, no wild memory, white rows and a word about them.

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "codecs/decode/image_decode.h"
#include "codecs/decode/image_info.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/decode/image_samples.h"

namespace cbzfs {
namespace {

using testing::DecodeAll;
using testing::ImageSample;
using testing::ImageSamples;
using testing::Pixels;
using testing::SampleOf;
using testing::Span;

// Pictures that a bent header makes larger than this are not decoded here, only described.
constexpr uint64_t kPatience = 4'000'000;

// What must hold for any file: the header and the rows agree, and statuses are those promised.
void Try(const std::string& file) {
  const auto info = ReadImageInfo(Span(file.substr(0, kImageHeadBytes)), file.size());
  if (!info.ok()) {
    EXPECT_TRUE(absl::IsInvalidArgument(info.status()) || absl::IsUnimplemented(info.status()) ||
                absl::IsOutOfRange(info.status()))
        << info.status();
    EXPECT_EQ(info.status().message().find('\n'), absl::string_view::npos);
    return;
  }
  IccSegments(Span(file));
  if (uint64_t{info->width} * info->height > kPatience) return;
  const auto pixels = DecodeAll(file);
  if (!pixels.ok()) {
    EXPECT_TRUE(absl::IsDataLoss(pixels.status()) || absl::IsResourceExhausted(pixels.status()) ||
                absl::IsUnimplemented(pixels.status()) || absl::IsInvalidArgument(pixels.status()))
        << pixels.status();
    return;
  }
  EXPECT_EQ(pixels->width, info->width);
  EXPECT_EQ(pixels->height, info->height);
  EXPECT_EQ(pixels->components, info->gray ? 1u : 3u);
  EXPECT_LT(pixels->damage.size(), 256u);
  for (const char c : pixels->damage) EXPECT_TRUE(c >= ' ' && c <= '~') << pixels->damage;
}

// dav1d (for AVIF) and Debian's libjxl print to stderr, and have no switch for it.
bool IsChatty(const ImageSample& sample) {
  return sample.name.ends_with(".avif") || sample.name.ends_with(".jxl");
}

// Captures stderr, which only those may write to.
class Quiet {
 public:
  explicit Quiet(const ImageSample& sample) : chatty_(IsChatty(sample)) {
    ::testing::internal::CaptureStderr();
  }
  ~Quiet() {
    const std::string printed = ::testing::internal::GetCapturedStderr();
    if (!chatty_) {
      EXPECT_EQ(printed, "");
    }
  }

 private:
  const bool chatty_;
};

TEST(BrokenImages, EveryLengthIsSurvived) {
  for (const ImageSample& sample : ImageSamples()) {
    SCOPED_TRACE(sample.name);
    const Quiet quiet(sample);
    const size_t step = std::max<size_t>(1, sample.file.size() / 60);
    for (size_t length = 0; length < sample.file.size(); length += step) {
      Try(sample.file.substr(0, length));
    }
    for (size_t length = 0; length < std::min<size_t>(sample.file.size(), 48); ++length) {
      Try(sample.file.substr(0, length));
    }
  }
}

TEST(BrokenImages, RandomChangesAreSurvived) {
  std::mt19937 random(20240817);
  for (const ImageSample& sample : ImageSamples()) {
    SCOPED_TRACE(sample.name);
    const Quiet quiet(sample);
    for (int round = 0; round < 40; ++round) {
      std::string file = sample.file;
      const int changes = 1 + static_cast<int>(random() % 6);
      for (int i = 0; i < changes; ++i) {
        // Half of them in the header, where they matter most.
        const size_t range = random() % 2 == 0 ? file.size() : std::min<size_t>(file.size(), 200);
        file[random() % range] = static_cast<char>(random());
      }
      Try(file);
    }
  }
}

// Rows from `first` on are white.
bool WhiteFrom(const Pixels& pixels, uint32_t first) {
  const size_t at = size_t{first} * pixels.width * pixels.components;
  return std::all_of(pixels.bytes.begin() + static_cast<ptrdiff_t>(at), pixels.bytes.end(),
                     [](uint8_t v) { return v == 255; });
}

TEST(BrokenImages, AFileCutInTheMiddleShowsItsBeginning) {
  for (const char* name :
       {"rgb_s.png", "rgb_i.png", "gif0.gif", "top_down.bmp", "rle8.bmp", "lossless.webp"}) {
    SCOPED_TRACE(name);
    const ImageSample& sample = SampleOf(name);
    const auto pixels = DecodeAll(sample.file.substr(0, sample.file.size() * 6 / 10));
    ASSERT_TRUE(pixels.ok()) << pixels.status();
    EXPECT_NE(pixels->damage, "");
    if (std::string(name) == "rgb_i.png") continue;  // all rows of the first passes
    if (std::string(name) == "rle8.bmp") {           // from below
      EXPECT_EQ(pixels->bytes[0], 255);
      EXPECT_EQ(pixels->bytes.back(), sample.expected.bytes.back());
      continue;
    }
    const size_t row = size_t{pixels->width} * pixels->components;
    EXPECT_TRUE(std::equal(pixels->bytes.begin(),
                           pixels->bytes.begin() + static_cast<ptrdiff_t>(row * 5),
                           sample.expected.bytes.begin()));
    EXPECT_TRUE(WhiteFrom(*pixels, pixels->height - 5));
    EXPECT_FALSE(WhiteFrom(*pixels, 0));
  }
}

// Mean difference of a sample.
double MeanDifference(const Pixels& a, const Pixels& b) {
  if (a.bytes.size() != b.bytes.size()) return 256;
  uint64_t sum = 0;
  for (size_t i = 0; i < a.bytes.size(); ++i) sum += std::abs(a.bytes[i] - b.bytes[i]);
  return static_cast<double>(sum) / static_cast<double>(a.bytes.size());
}

TEST(BrokenImages, ACutJpeg2000ShowsWhatIsThere) {
  for (const char* name : {"rgb.j2k", "sycc.jp2", "tiled.jp2"}) {
    SCOPED_TRACE(name);
    const std::string& file = SampleOf(name).file;
    const auto whole = DecodeAll(file);
    ASSERT_TRUE(whole.ok()) << whole.status();
    for (const auto& [percent, difference] : {std::pair(50, 90.0), {80, 40.0}, {99, 5.0}}) {
      SCOPED_TRACE(percent);
      const auto pixels = DecodeAll(file.substr(0, file.size() * percent / 100));
      ASSERT_TRUE(pixels.ok()) << pixels.status();
      EXPECT_EQ(pixels->damage, "JPEG 2000: cut off");
      EXPECT_LT(MeanDifference(*pixels, *whole), difference);
    }
    // Only the end marker is missing: all of the picture is there.
    const auto pixels = DecodeAll(file.substr(0, file.size() - 2));
    ASSERT_TRUE(pixels.ok()) << pixels.status();
    EXPECT_EQ(pixels->bytes, whole->bytes);
    EXPECT_EQ(pixels->damage, "JPEG 2000: cut off");
    // Cut anywhere it says so, or cannot be decoded at all.
    for (size_t size = 0; size < 400; ++size) {
      const auto cut = DecodeAll(file.substr(0, size));
      EXPECT_TRUE(!cut.ok() || !cut->damage.empty()) << size;
    }
  }
}

TEST(BrokenImages, ACutJpegSaysSo) {
  for (const char* name : {"rgb_420.jpg", "rgb_progressive.jpg", "gray.jpg", "cmyk.jpg"}) {
    SCOPED_TRACE(name);
    const ImageSample& sample = SampleOf(name);
    const auto pixels = DecodeAll(sample.file.substr(0, sample.file.size() * 8 / 10));
    ASSERT_TRUE(pixels.ok()) << pixels.status();
    EXPECT_NE(pixels->damage, "");
    EXPECT_EQ(pixels->height, sample.expected.height);
  }
}

TEST(BrokenImages, NothingAtAllIsDataLoss) {
  const std::string& jpeg = SampleOf("rgb_420.jpg").file;
  const size_t scan = jpeg.rfind("\xFF\xDA");
  EXPECT_TRUE(absl::IsDataLoss(DecodeAll(jpeg.substr(0, scan + 14)).status()));
  const std::string& png = SampleOf("rgb_s.png").file;
  EXPECT_TRUE(absl::IsDataLoss(DecodeAll(png.substr(0, png.find("IDAT") + 8)).status()));
  const std::string& bmp = SampleOf("rgb.bmp").file;
  EXPECT_TRUE(absl::IsDataLoss(DecodeAll(bmp.substr(0, 54)).status()));
}

TEST(BrokenImages, ATiffLosesOnlyTheStripThatIsBroken) {
  // Uncompressed strips of ten rows; one is made to lie outside the file.
  std::string file = SampleOf("white_is_zero.tif").file;
  const auto whole = DecodeAll(file);
  ASSERT_TRUE(whole.ok());
  // The second strip's offset: strips of 610 bytes from byte 8 on.
  const std::string offset("\x6A\x02\0\0", 4);
  const size_t at = file.rfind(offset);
  ASSERT_NE(at, std::string::npos);
  file.replace(at, 4, std::string("\xFF\xFF\xFF\x0F", 4));
  const auto pixels = DecodeAll(file);
  ASSERT_TRUE(pixels.ok()) << pixels.status();
  EXPECT_NE(pixels->damage, "");
  for (uint32_t y = 0; y < pixels->height; ++y) {
    const auto row = pixels->bytes.begin() + y * pixels->width;
    const auto before = whole->bytes.begin() + y * pixels->width;
    if (y / 10 == 1) {
      EXPECT_TRUE(std::all_of(row, row + pixels->width, [](uint8_t v) { return v == 255; })) << y;
    } else {
      EXPECT_TRUE(std::equal(row, row + pixels->width, before)) << y;
    }
  }
}

std::string Be32(uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}

// The bytes that the process holds, as malloc sees it.
uint64_t HeldBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string PngOf(uint32_t width, uint32_t height, bool interlaced) {
  std::string file = SampleOf(interlaced ? "rgb_i.png" : "rgb_s.png").file;
  file.replace(16, 8, Be32(width) + Be32(height));
  return file;
}

TEST(ImageBombs, AStreamingFormatNeedsLittleMemoryForMuchPicture) {
  // 65500 x 30000 pixels by a header that lies; rows are decoded as far as they go.
  std::string jpeg = SampleOf("rgb_420.jpg").file;
  jpeg.replace(jpeg.find("\xFF\xC0") + 5, 4, Be32(30000u << 16 | 65500u));
  for (const std::string& file : {jpeg, PngOf(65500, 30000, false)}) {
    auto rows = DecodeImage(Span(file));
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ((*rows)->width(), 65500u);
    const uint64_t before = HeldBytes();
    const absl::Status begun = (*rows)->Rewind();
    if (begun.ok()) {
      for (int i = 0; i < 50; ++i) ASSERT_NE((*rows)->Next(), nullptr);
    } else {
      EXPECT_TRUE(absl::IsDataLoss(begun)) << begun;
    }
    EXPECT_LT(HeldBytes() - before, 16u << 20);
  }
}

TEST(ImageBombs, WhatWouldHaveToBeHeldIsRefused) {
  std::string progressive = SampleOf("rgb_progressive.jpg").file;
  progressive.replace(progressive.find("\xFF\xC2") + 5, 4, Be32(30000u << 16 | 65500u));
  std::string turned = SampleOf("turn6.png").file;
  turned.replace(16, 8, Be32(40000) + Be32(40000));
  std::string jp2 = SampleOf("rgb.j2k").file;
  jp2.replace(8, 8, Be32(40000) + Be32(40000));
  jp2.replace(24, 8, Be32(40000) + Be32(40000));
  std::string gif = SampleOf("gif1.gif").file;
  gif.replace(6, 4, "\xFF\x7F\xFF\x7F");
  std::string bmp = SampleOf("rle8.bmp").file;
  bmp.replace(18, 8, std::string("\xFF\x7F\0\0\xFF\x7F\0\0", 8));
  const uint64_t before = HeldBytes();
  for (const std::string& file : {progressive, PngOf(40000, 40000, true), turned, gif, bmp}) {
    const auto rows = DecodeImage(Span(file));
    EXPECT_TRUE(absl::IsResourceExhausted(rows.status())) << rows.status();
    EXPECT_GT(ReadImageInfo(Span(file), file.size())->decode_bytes, 300u << 20);
  }
  // This one has resolution levels to give up, but still holds nothing before it is asked.
  EXPECT_GT(ReadImageInfo(Span(jp2), jp2.size())->decode_bytes, 3000u << 20);
  const auto rows = DecodeImage(Span(jp2));
  if (rows.ok()) {
    EXPECT_LE(uint64_t{(*rows)->width()} * (*rows)->height(), 50'000'000u);
  }
  EXPECT_LT(HeldBytes() - before, 4u << 20);
}

TEST(ImageBombs, AWebpOverTheLimitIsScaledWhereTheDecoderDoesNotHoldIt) {
  std::string lossless = SampleOf("lossless.webp").file;
  const size_t lossless_at = lossless.find("VP8L") + 9;
  lossless.replace(lossless_at, 4, std::string("\xFF\xFF\xFF\x0F", 4));  // 16384 x 16384
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeImage(Span(lossless)).status()));
  std::string lossy = SampleOf("lossy.webp").file;
  lossy.replace(lossy.find("\x9D\x01\x2A") + 3, 4, "\xFF\x3F\xFF\x3F");  // 16383 x 16383
  const auto rows = DecodeImage(Span(lossy));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_LE(uint64_t{(*rows)->width()} * (*rows)->height(), 50'000'000u);
  EXPECT_GE((*rows)->width(), 7000u);
}

TEST(ImageBombs, ATurnedJpegOverTheLimitIsDecodedSmaller) {
  std::string jpeg = SampleOf("turn6.jpg").file;
  jpeg.replace(jpeg.find("\xFF\xC0") + 5, 4, Be32(10000u << 16 | 20000u));
  const auto rows = DecodeImage(Span(jpeg));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)->width(), 5000u);
  EXPECT_EQ((*rows)->height(), 10000u);
}

}  // namespace
}  // namespace cbzfs
