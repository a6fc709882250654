// Pictures made of images, whole and broken ones. The pixels themselves are compared with Pillow's
// in tests/codecs/image.

#include "codecs/picture/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "codecs/document/picture_size.h"
#include "tests/codecs/archive/zip_builder.h"
#include "tests/codecs/comic/image_samples.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using testing::AsBytes;
using testing::Decoded;
using ::testing::HasSubstr;
using testing::MakeJpeg;
using testing::MakePng;
using testing::MakeProfile;
using testing::Picture;
using testing::ReadJpeg;
using ::testing::StartsWith;
using testing::WithProfile;

PictureRequest Request(uint32_t width, uint32_t height, uint64_t max_payload = 200'000) {
  return {.width = width, .height = height, .quality = 90, .max_payload = max_payload};
}

// As it is, without the enhancement.
PictureRequest Unchanged(uint32_t width, uint32_t height) {
  PictureRequest request = Request(width, height);
  request.enhance.on = false;
  return request;
}

std::string Cut(const std::string& file) { return file.substr(0, file.size() * 3 / 5); }

TEST(EnhancePictureTest, ThePageIsTheImageEnhanced) {
  const std::string jpeg = MakeJpeg({});
  const auto made = EnhancePicture(AsBytes(jpeg), Request(200, 100));
  const auto same = EnhancePicture(AsBytes(jpeg), Unchanged(200, 100));
  ASSERT_TRUE(made.ok() && same.ok()) << made.status() << same.status();
  EXPECT_EQ(made->note, "");
  EXPECT_GE(made->image.quality, 90u);
  const Picture before = ReadJpeg(jpeg);
  ASSERT_EQ(Decoded(made->image).width, 200);
  EXPECT_GT(testing::Psnr(Decoded(same->image), before), 30);
  EXPECT_LT(testing::Psnr(Decoded(made->image), before), 25) << "something was done to it";
}

TEST(EnhancePictureTest, GrayStaysGray) {
  for (const std::string& file : {MakeJpeg({.components = 1}), MakePng(200, 100, true)}) {
    const auto made = EnhancePicture(AsBytes(file), Request(200, 100));
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->image.components, 1u);
    EXPECT_EQ(Decoded(made->image).components, 1);
  }
}

TEST(EnhancePictureTest, ItLiesAsItIsSeen) {
  const std::string jpeg = MakeJpeg({});
  const auto turned =
      EnhancePicture(AsBytes(testing::WithOrientation(jpeg, 6)), Unchanged(100, 200));
  ASSERT_TRUE(turned.ok()) << turned.status();
  const Picture after = Decoded(turned->image);
  const Picture before = ReadJpeg(jpeg);
  ASSERT_EQ(after.width, 100);
  ASSERT_EQ(after.height, 200);
  // Turned to the right: the first column from below becomes the first row.
  double error = 0;
  for (int x = 0; x < 100; ++x) {
    error += std::abs(after.pixels[3 * (20 * 100 + x)] - before.pixels[3 * ((99 - x) * 200 + 20)]);
  }
  EXPECT_LT(error / 100, 12);
}

TEST(EnhancePictureTest, ItIsAsLargeAsAsked) {
  const auto made = EnhancePicture(AsBytes(MakePng(300, 200, false)), Request(150, 100));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Decoded(made->image).width, 150);
  EXPECT_EQ(Decoded(made->image).height, 100);
}

TEST(EnhancePictureTest, ItFitsItsSlot) {
  const std::string png = MakePng(300, 200, false);
  for (const uint64_t room : {MinPayload(300, 200), uint64_t{9'000}, uint64_t{30'000}}) {
    const auto made = EnhancePicture(AsBytes(png), Request(300, 200, room));
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_LE(made->image.payload.size(), room);
    EXPECT_EQ(Decoded(made->image).width, 300);
  }
}

TEST(EnhancePictureTest, TheColourProfileStandsInFront) {
  const std::string profile = MakeProfile("RGB ");
  const std::string jpeg = WithProfile(MakeJpeg({}), profile);
  const auto made = EnhancePicture(AsBytes(jpeg), Request(200, 100, 6'000));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->image.payload, StartsWith("\xFF\xE2"));
  EXPECT_EQ(made->image.payload.substr(4, 14), std::string("ICC_PROFILE\0\1\1", 14));
  EXPECT_EQ(made->image.payload.substr(18, profile.size()), profile);
  EXPECT_LE(made->image.payload.size(), 6'000u);
  EXPECT_EQ(Decoded(made->image).width, 200);
  // Rather the page without its profile than none.
  const auto tight = EnhancePicture(AsBytes(jpeg), Request(200, 100, MinPayload(200, 100) + 100));
  ASSERT_TRUE(tight.ok()) << tight.status();
  EXPECT_THAT(tight->image.payload, StartsWith("\xFF\xDB"));
}

TEST(EnhancePictureTest, AProfileOfAnotherKindOfColourIsLeftOut) {
  const std::string jpeg = WithProfile(MakeJpeg({.components = 1}), MakeProfile("RGB "));
  const auto made = EnhancePicture(AsBytes(jpeg), Request(200, 100));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->image.payload, StartsWith("\xFF\xDB"));
}

TEST(EnhancePictureTest, ADamagedJpegStaysWhatItIsWhereItFits) {
  const std::string cut = Cut(MakeJpeg({}));
  const auto kept = EnhancePicture(AsBytes(cut), Request(200, 100));
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->image.payload, cut.substr(2));
  EXPECT_EQ(kept->image.quality, 0u);
  EXPECT_THAT(kept->note, AllOf(HasSubstr("damaged"), HasSubstr("shown as it is")));
}

TEST(EnhancePictureTest, ADamagedJpegThatDoesNotFitIsShownAsFarAsItGoes) {
  const std::string cut = Cut(MakeJpeg({.quality = 97}));
  const uint64_t room = cut.size() - 3;
  const auto made = EnhancePicture(AsBytes(cut), Request(200, 100, room));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_LE(made->image.payload.size(), room);
  EXPECT_THAT(made->note, AllOf(HasSubstr("damaged"), HasSubstr("as far as it can be decoded")));
  const Picture page = Decoded(made->image);
  ASSERT_EQ(page.width, 200);
  const auto levels = [&](int row) {
    const auto begin = page.pixels.begin() + row * 200 * page.components;
    const auto [low, high] = std::minmax_element(begin, begin + 200 * page.components);
    return *high - *low;
  };
  EXPECT_GT(levels(5), 100);
  EXPECT_LT(levels(95), 20) << "nothing is made up for the rest";
}

TEST(EnhancePictureTest, AnotherDamagedImageIsShownAsFarAsItGoes) {
  const auto made =
      EnhancePicture(AsBytes(Cut(testing::MakeNoisePng(200, 100))), Request(200, 100));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->note, AllOf(HasSubstr("damaged"), HasSubstr("as far as it can be decoded")));
  EXPECT_EQ(Decoded(made->image).width, 200);
}

TEST(EnhancePictureTest, AnImageOfWhichNothingCanBeDecodedIsAWhitePageAndNoThumbnail) {
  const std::string png = MakePng(200, 100, false);
  const std::string cut = png.substr(0, png.find("IDAT") + 5);
  const auto made = EnhancePicture(AsBytes(cut), Request(200, 100));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->note, StartsWith("the image is damaged"));
  const Picture page = Decoded(made->image);
  EXPECT_EQ(page.width, 200);
  EXPECT_EQ(page.height, 100);
  EXPECT_THAT(page.pixels, ::testing::Each(255));
  EXPECT_TRUE(absl::IsDataLoss(ShrinkPicture(AsBytes(cut), Request(20, 10)).status()));
  EXPECT_FALSE(EnhancePicture(AsBytes("no image"), Request(200, 100)).ok());
}

TEST(EnhancePictureTest, AnImpossibleSlotIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      EnhancePicture(AsBytes(MakeJpeg({})), Request(200, 100, 10)).status()));
}

TEST(ShrinkPictureTest, ThumbnailsAreOfTheirExactSizeAndFit) {
  for (const auto& [width, height] :
       {std::pair{1240, 1754}, {1000, 1500}, {700, 3}, {3, 900}, {60, 40}}) {
    const PictureSize whole = {static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
    const PictureSize size = FitInside(whole, {100, 100});
    const auto made = ShrinkPicture(AsBytes(MakeJpeg({.width = width, .height = height})),
                                    {.width = size.width,
                                     .height = size.height,
                                     .quality = kThumbnailQuality,
                                     .max_payload = ThumbnailPayload(size)});
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->note, "");
    EXPECT_LE(made->image.payload.size(), ThumbnailPayload(size));
    EXPECT_EQ(Decoded(made->image).width, static_cast<int>(size.width));
    EXPECT_EQ(Decoded(made->image).height, static_cast<int>(size.height));
  }
}

TEST(ShrinkPictureTest, EvenNoiseFits) {
  const std::string png = testing::MakeNoisePng(100, 100);
  for (const PictureSize size : {PictureSize{100, 100}, {50, 50}, {1, 1}, {7, 100}}) {
    const auto made = ShrinkPicture(AsBytes(png), {.width = size.width,
                                                   .height = size.height,
                                                   .quality = kThumbnailQuality,
                                                   .max_payload = ThumbnailPayload(size)});
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_LE(made->image.payload.size(), ThumbnailPayload(size));
    EXPECT_EQ(Decoded(made->image).width, static_cast<int>(size.width));
  }
}

TEST(ShrinkPictureTest, NoProfileAndNoEnhancement) {
  const std::string jpeg = MakeJpeg({.width = 400, .height = 400});
  const auto plain = ShrinkPicture(AsBytes(jpeg), Unchanged(100, 100));
  const auto made =
      ShrinkPicture(AsBytes(WithProfile(jpeg, MakeProfile("RGB "))), Request(100, 100));
  ASSERT_TRUE(plain.ok() && made.ok()) << plain.status() << made.status();
  EXPECT_EQ(made->image.payload, plain->image.payload);
}

TEST(ShrinkPictureTest, ADamagedImageIsShownAsFarAsItGoes) {
  const auto made = ShrinkPicture(AsBytes(Cut(MakeJpeg({}))), Request(100, 50));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->note, AllOf(HasSubstr("damaged"), HasSubstr("as far as it can be decoded")));
  EXPECT_EQ(Decoded(made->image).width, 100) << "never the large original";
}

}  // namespace
}  // namespace cbzfs
