#include "codecs/decode/jpeg_header.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/jpeg_maker.h"

namespace cbzfs {
namespace {

using testing::JpegSpec;
using testing::MakeJpeg;
using testing::WithSegment;

// From a heap block of exactly the bytes, so that reading past them is seen by a sanitizer.
absl::StatusOr<JpegHeader> Read(const std::string& jpeg) {
  const std::unique_ptr<uint8_t[]> exact(new uint8_t[jpeg.size()]);
  std::memcpy(exact.get(), jpeg.data(), jpeg.size());
  return ReadJpegHeader({exact.get(), jpeg.size()});
}

size_t FrameAt(const std::string& jpeg) {
  for (const char* marker : {"\xFF\xC0", "\xFF\xC2"}) {
    if (const size_t at = jpeg.find(marker, 0, 2); at != std::string::npos) return at;
  }
  return std::string::npos;
}

TEST(JpegHeader, BaselineIsDescribed) {
  const auto header = Read(MakeJpeg({.width = 321, .height = 123}));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->sof, 0xC0);
  EXPECT_EQ(header->width, 321u);
  EXPECT_EQ(header->height, 123u);
  EXPECT_EQ(header->components, 3);
  EXPECT_EQ(header->precision, 8);
  EXPECT_TRUE(header->jfif);
  EXPECT_EQ(header->adobe_transform, -1);
  EXPECT_FALSE(header->has_icc);
  EXPECT_EQ(header->after_app0, 20u);  // SOI and the 18 bytes of JFIF
  EXPECT_TRUE(header->IsPlain());
  EXPECT_TRUE(header->LooksYcc());
}

TEST(JpegHeader, ProgressiveAndGrayArePlain) {
  const auto header = Read(MakeJpeg({.components = 1, .progressive = true}));
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->sof, 0xC2);
  EXPECT_EQ(header->components, 1);
  EXPECT_TRUE(header->IsPlain());
}

TEST(JpegHeader, AdobeTransformDecidesColourWithoutJfif) {
  const auto header = Read(MakeJpeg({.store_rgb = true}));
  ASSERT_TRUE(header.ok());
  EXPECT_FALSE(header->jfif);
  EXPECT_EQ(header->adobe_transform, 0);
  EXPECT_FALSE(header->LooksYcc());
}

TEST(JpegHeader, ComponentNamesDecideColourWithoutAnyMarker) {
  std::string jpeg = MakeJpeg({.store_rgb = true});
  const size_t adobe = jpeg.find("\xFF\xEE", 0, 2);
  jpeg.erase(adobe, 16);
  const auto rgb = Read(jpeg);
  ASSERT_TRUE(rgb.ok());
  EXPECT_EQ(rgb->adobe_transform, -1);
  EXPECT_FALSE(rgb->LooksYcc());
  std::string ycc = jpeg;
  const size_t frame = FrameAt(ycc);
  for (int i = 0; i < 3; ++i) ycc[frame + 10 + i * 3] = static_cast<char>(i + 1);
  ASSERT_TRUE(Read(ycc).ok());
  EXPECT_TRUE(Read(ycc)->LooksYcc());
}

TEST(JpegHeader, OwnProfileIsSeen) {
  const auto header =
      Read(WithSegment(MakeJpeg({}), 0xE2, std::string("ICC_PROFILE\0\1\1", 14) + "profile"));
  ASSERT_TRUE(header.ok());
  EXPECT_TRUE(header->has_icc);
  EXPECT_EQ(header->after_app0, 20u);
}

TEST(JpegHeader, OrientationIsReadInBothByteOrders) {
  const std::string big("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
                        32);
  const std::string little(
      "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0", 32);
  EXPECT_EQ(Read(WithSegment(MakeJpeg({}), 0xE1, big))->exif_orientation, 6);
  EXPECT_EQ(Read(WithSegment(MakeJpeg({}), 0xE1, little))->exif_orientation, 8);
  EXPECT_EQ(Read(WithSegment(MakeJpeg({}), 0xE1, big.substr(0, 20)))->exif_orientation, 1);
  EXPECT_EQ(Read(WithSegment(MakeJpeg({}), 0xE1, big.substr(0, 6)))->exif_orientation, 1);
}

TEST(JpegHeader, ArithmeticLosslessAndTwelveBitsAreNotPlain) {
  for (const char sof : {'\xC3', '\xC9', '\xCA', '\xC5'}) {
    std::string jpeg = MakeJpeg({});
    jpeg[FrameAt(jpeg) + 1] = sof;
    const auto header = Read(jpeg);
    ASSERT_TRUE(header.ok());
    EXPECT_FALSE(header->IsPlain()) << int{static_cast<uint8_t>(sof)};
  }
  std::string jpeg = MakeJpeg({});
  jpeg[FrameAt(jpeg) + 4] = 12;
  ASSERT_TRUE(Read(jpeg).ok());
  EXPECT_FALSE(Read(jpeg)->IsPlain());
}

TEST(JpegHeader, NoHeightOrTwoFramesAreRefused) {
  const std::string jpeg = MakeJpeg({});
  const size_t frame = FrameAt(jpeg);
  std::string flat = jpeg;
  flat[frame + 5] = flat[frame + 6] = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Read(flat).status()));
  std::string twice = jpeg;
  twice.insert(frame, jpeg.substr(frame, 19));
  EXPECT_TRUE(absl::IsInvalidArgument(Read(twice).status()));
}

TEST(JpegHeader, EveryCutSaysThatItIsCut) {
  const std::string jpeg = MakeJpeg({});
  const size_t scan = jpeg.find("\xFF\xDA", 0, 2);
  for (size_t length = 0; length < scan + 2; ++length) {
    EXPECT_TRUE(absl::IsOutOfRange(Read(jpeg.substr(0, length)).status())) << length;
  }
  EXPECT_TRUE(Read(jpeg.substr(0, scan + 2)).ok());
}

TEST(JpegHeader, OtherBytesAreRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Read("\x89PNG\r\n\x1A\n").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Read("\xFF\xD8\xFF\xD9").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Read("\xFF\xD8junk").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Read(std::string("\xFF\xD8\xFF\xE0\0\1", 6)).status()));
}

size_t EoiOf(const std::string& jpeg) {
  const absl::Span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(jpeg.data()), jpeg.size());
  return FindLastEoi(bytes, ReadJpegHeader(bytes).value());
}

TEST(JpegHeader, LastEoiIsNeverOneOfTheHeader) {
  // A thumbnail in EXIF ends in an EOI of its own.
  const std::string jpeg =
      WithSegment(MakeJpeg({}), 0xE1, "Exif" + MakeJpeg({.width = 8, .height = 8}));
  EXPECT_EQ(EoiOf(jpeg), jpeg.size() - 2);
  EXPECT_EQ(EoiOf(jpeg + std::string(500, '\0')), jpeg.size() - 2);
  EXPECT_EQ(EoiOf(jpeg + std::string(70'000, '\0')), jpeg.size() + 70'000);
  const std::string cut = jpeg.substr(0, jpeg.size() - 2);
  EXPECT_EQ(EoiOf(cut), cut.size());
  const size_t scan = jpeg.rfind("\xFF\xDA");
  EXPECT_EQ(EoiOf(jpeg.substr(0, scan + 2)), scan + 2);
}

TEST(JpegHeader, EndlessEmptySegmentsAreGivenUp) {
  std::string jpeg = "\xFF\xD8";
  for (int i = 0; i < 100'000; ++i) jpeg += std::string("\xFF\xFE\0\2", 4);
  EXPECT_TRUE(absl::IsInvalidArgument(Read(jpeg).status()));
}

TEST(JpegHeader, DamagedBytesNeverReadOutside) {
  const std::string jpeg = WithSegment(MakeJpeg({.width = 16, .height = 16}), 0xE1,
                                       std::string("Exif\0\0MM\0*\0\0\0\x08\0\x01", 16));
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = jpeg.substr(0, 4 + random() % 300);
    for (int i = 0; i < 4; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    const auto header = Read(bad);
    if (!header.ok()) continue;
    EXPECT_GT(header->width, 0u);
    EXPECT_LE(header->after_app0, bad.size());
  }
}

}  // namespace
}  // namespace cbzfs
