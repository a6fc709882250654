#include "codecs/decode/image_info.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/decode/image_samples.h"
#include "tests/support/jpeg_maker.h"

namespace cbzfs {
namespace {

using testing::SampleOf;
using testing::Span;

absl::StatusOr<ImageInfo> Info(const std::string& file) {
  return ReadImageInfo(Span(file), file.size());
}

TEST(FormatOf, KnowsEachFormatByItsFirstBytes) {
  const std::pair<const char*, ImageFormat> kSamples[] = {
      {"gray.jpg", ImageFormat::kJpeg},    {"rgb.png", ImageFormat::kPng},
      {"gif0.gif", ImageFormat::kGif},     {"lossy.webp", ImageFormat::kWebp},
      {"rgb.bmp", ImageFormat::kBmp},      {"core.bmp", ImageFormat::kBmp},
      {"rgb_raw.tif", ImageFormat::kTiff}, {"rgb16_be1.tif", ImageFormat::kTiff},
      {"rgb.jp2", ImageFormat::kJpeg2000}, {"rgb.j2k", ImageFormat::kJpeg2000},
  };
  for (const auto& [name, format] : kSamples) {
    EXPECT_EQ(FormatOf(Span(SampleOf(name).file.substr(0, 32))), format) << name;
  }
}

TEST(FormatOf, OtherFilesAreUnknown) {
  for (const std::string text :
       {"", "\xFF\xD8", "BM", "BMX is a sport, and this is a text about it", "RIFFxxxxWAVE",
        "GIF88a", "%PDF-1.7", "II", "PK\3\4"}) {
    EXPECT_EQ(FormatOf(Span(text)), ImageFormat::kUnknown) << text;
    EXPECT_TRUE(absl::IsInvalidArgument(Info(text).status()));
  }
}

TEST(ReadImageInfo, LargeFilesAreRefused) {
  const std::string& file = SampleOf("rgb.png").file;
  EXPECT_TRUE(ReadImageInfo(Span(file), kMaxImageFileBytes).ok());
  EXPECT_TRUE(absl::IsOutOfRange(ReadImageInfo(Span(file), kMaxImageFileBytes + 1).status()));
}

TEST(ReadImageInfo, ImpossibleSidesAreRefused) {
  std::string file = SampleOf("rgb.png").file;
  const auto with_size = [&](const char* bytes) {
    file.replace(16, 8, bytes, 8);
    return Info(file).status();
  };
  EXPECT_TRUE(with_size("\0\x10\0\0\0\0\0\1").ok());                    // 2^20 x 1
  EXPECT_TRUE(absl::IsOutOfRange(with_size("\0\x10\0\1\0\0\0\1")));     // one more
  EXPECT_TRUE(with_size("\0\0\x80\0\0\1\0\0").ok());                    // 2^31 pixels
  EXPECT_TRUE(absl::IsOutOfRange(with_size("\0\0\x80\1\0\1\0\0")));     // and some
  EXPECT_TRUE(absl::IsInvalidArgument(with_size("\0\0\0\0\0\0\0\1")));  // none
}

TEST(ReadImageInfo, QuantiserGrowsAsQualityFalls) {
  const auto at = [](int quality) {
    return Info(testing::MakeJpeg({.width = 16, .height = 16, .quality = quality}))->quantiser;
  };
  EXPECT_EQ(at(50), 1000u);
  EXPECT_NEAR(at(85), 300, 6);
  EXPECT_NEAR(at(25), 2000, 10);
  EXPECT_EQ(Info(SampleOf("rgb.png").file)->quantiser, 0u);
}

TEST(ReadImageInfo, ProgressiveJpegCostsItsCoefficients) {
  const auto baseline = Info(SampleOf("rgb_420.jpg").file);
  const auto progressive = Info(SampleOf("rgb_progressive.jpg").file);
  ASSERT_TRUE(baseline.ok() && progressive.ok());
  // 203 x 150 in blocks of 16 x 16 with six blocks of 64 coefficients each.
  EXPECT_EQ(progressive->decode_bytes - baseline->decode_bytes, 13u * 10 * 6 * 64 * 2);
}

TEST(ReadImageInfo, ATurnCostsThePicture) {
  const auto upright = Info(SampleOf("turn1.jpg").file);
  const auto mirrored = Info(SampleOf("turn2.jpg").file);
  const auto turned = Info(SampleOf("turn6.jpg").file);
  EXPECT_EQ(mirrored->decode_bytes, upright->decode_bytes);
  EXPECT_EQ(turned->decode_bytes, upright->decode_bytes + 61 * 47 * 3);
  EXPECT_EQ(turned->orientation, 6);
}

TEST(ReadImageInfo, KindsThatAreNotDecodedAreNamedSo) {
  std::string jpeg = SampleOf("gray.jpg").file;
  jpeg[jpeg.find("\xFF\xC0") + 1] = '\xC3';  // lossless
  EXPECT_TRUE(absl::IsUnimplemented(Info(jpeg).status()));
  std::string twelve = SampleOf("gray.jpg").file;
  twelve[twelve.find("\xFF\xC0") + 4] = 12;
  EXPECT_TRUE(absl::IsUnimplemented(Info(twelve).status()));
  std::string bmp = SampleOf("rgb.bmp").file;
  bmp[30] = 4;  // a JPEG inside
  EXPECT_TRUE(absl::IsUnimplemented(Info(bmp).status()));
}

TEST(ReadImageInfo, ADirectoryBeyondTheHeadNeedsMoreOfTheFile) {
  const std::string& file = SampleOf("white_is_zero.tif").file;  // its directory is at the end
  const size_t directory = static_cast<uint8_t>(file[4]) + 256u * static_cast<uint8_t>(file[5]);
  const std::string head = file.substr(0, directory + 100);
  EXPECT_TRUE(absl::IsInvalidArgument(ReadImageInfo(Span(head), file.size()).status()));
  EXPECT_TRUE(ReadImageInfo(Span(file), file.size()).ok());
}

TEST(ReadImageInfo, AnOrientationBeyondTheHeadDoesNotCount) {
  // Or the size would depend on how much of the file was read.
  const std::string& file = SampleOf("turn5.webp").file;
  const std::string filler = std::string("JUNK\0\0\1\0", 8) + std::string(65536, 'x');
  const size_t picture = file.find("VP8L");
  ASSERT_NE(picture, std::string::npos);
  const size_t exif = file.find("EXIF", picture);
  ASSERT_NE(exif, std::string::npos);
  const std::string far = file.substr(0, exif) + filler + file.substr(exif);
  for (const size_t length : {size_t{kImageHeadBytes}, far.size()}) {
    const auto info = ReadImageInfo(Span(far.substr(0, length)), far.size());
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->orientation, 1);
    EXPECT_EQ(info->width, 61u);
  }
}

}  // namespace
}  // namespace cbzfs
