#include "codecs/picture/enhanced_slot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "codecs/picture/image_page.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/picture/picture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

using Measured = std::vector<std::optional<double>>;

SlotImage Jpeg(uint32_t width, uint32_t height, uint64_t bytes, uint32_t quantiser = 300) {
  return {.width = width,
          .height = height,
          .file_bytes = bytes,
          .file_pixels = uint64_t{width} * height,
          .format = ImageFormat::kJpeg,
          .quantiser = quantiser};
}

std::vector<SlotImage> Pages(size_t count) {
  return std::vector<SlotImage>(count, Jpeg(1200, 1800, 500'000));
}

double CostOf(const std::vector<SlotImage>& images, const std::vector<size_t>& sample) {
  return std::accumulate(sample.begin(), sample.end(), 0.0,
                         [&](double sum, size_t i) { return sum + SampleCost(images[i]); });
}

uint32_t Slot(const SlotImage& image, std::optional<double> measured = std::nullopt,
              uint32_t quality = 85) {
  return ChooseEnhancedSlots({&image, 1}, {&measured, 1}, quality)[0];
}

TEST(EnhancedSample, IsSpreadOverTheComicAndRising) {
  const std::vector<SlotImage> images = Pages(200);
  const std::vector<size_t> sample = ChooseEnhancedSample(images);
  ASSERT_GE(sample.size(), 3u);
  const size_t gap = images.size() / sample.size();
  EXPECT_LE(sample.front(), gap);
  EXPECT_GE(sample.back() + gap, images.size() - 1);
  for (size_t i = 1; i < sample.size(); ++i) {
    EXPECT_GT(sample[i], sample[i - 1]);
    EXPECT_LE(sample[i] - sample[i - 1], gap + 1);
  }
}

TEST(EnhancedSample, StaysWithinCountAndCost) {
  EXPECT_EQ(ChooseEnhancedSample(std::vector<SlotImage>(5000, Jpeg(10, 10, 100))).size(),
            kMostSampledImages);
  for (const uint32_t side : {50u, 500u, 1500u, 3000u, 4500u}) {
    std::vector<SlotImage> images(30, Jpeg(side, side, uint64_t{side} * side / 3));
    for (size_t i = 0; i < images.size(); i += 3) images[i].format = ImageFormat::kPng;
    const std::vector<size_t> sample = ChooseEnhancedSample(images);
    ASSERT_FALSE(sample.empty()) << side;
    EXPECT_LE(sample.size(), kMostSampledImages);
    if (sample.size() == 1) continue;
    EXPECT_LE(CostOf(images, sample), kMostSampleCost) << side;
  }
}

TEST(EnhancedSample, DearImagesArePassedOver) {
  SlotImage bomb = Jpeg(7000, 7000, 90 << 20);
  bomb.format = ImageFormat::kJpeg2000;
  ASSERT_GT(SampleCost(bomb), kNeverSampled);
  std::vector<SlotImage> images = Pages(9);
  for (const size_t i : {0, 4, 8}) images[i] = bomb;
  const std::vector<size_t> sample = ChooseEnhancedSample(images);
  EXPECT_FALSE(sample.empty());
  for (const size_t i : sample) EXPECT_LT(SampleCost(images[i]), kNeverSampled);
  EXPECT_TRUE(ChooseEnhancedSample({&bomb, 1}).empty());
}

TEST(EnhancedSample, OfOneImageItIsThatOneAndOfNoneNothing) {
  EXPECT_TRUE(ChooseEnhancedSample({}).empty());
  EXPECT_THAT(ChooseEnhancedSample(Pages(1)), ::testing::ElementsAre(0));
}

TEST(EnhancedSlots, MeasuredPagesGetWhatWasMeasuredAndAMargin) {
  const std::vector<SlotImage> images = Pages(3);
  const std::vector<uint32_t> slots =
      ChooseEnhancedSlots(images, Measured{100'000.0, std::nullopt, 900'000.0}, 85);
  for (const auto& [slot, measured] : {std::pair{slots[0], 1e5}, {slots[2], 9e5}}) {
    EXPECT_GE(slot, measured * 1.02);
    EXPECT_LE(slot, measured * 1.12);
  }
}

TEST(EnhancedSlots, OthersFollowWhatTheMeasuredShowed) {
  const std::vector<SlotImage> images = Pages(6);
  Measured little(6), much(6);
  for (const size_t i : {0, 2, 5}) little[i] = 150'000, much[i] = 700'000;
  const uint32_t low = ChooseEnhancedSlots(images, little, 85)[3];
  const uint32_t high = ChooseEnhancedSlots(images, much, 85)[3];
  EXPECT_GT(low, 150'000u);
  EXPECT_LT(low, 300'000u);
  EXPECT_GT(high, 700'000u);
  EXPECT_LT(high, 1'400'000u);
}

TEST(EnhancedSlots, LessKnownIsMoreMargin) {
  const std::vector<SlotImage> images = Pages(6);
  Measured one(6), four(6), apart(6);
  one[0] = 400'000;
  for (const size_t i : {0, 1, 2, 4}) four[i] = 400'000, apart[i] = i % 2 == 0 ? 250'000 : 640'000;
  const uint32_t by_none = ChooseEnhancedSlots(images, {}, 85)[3];
  const uint32_t by_one = ChooseEnhancedSlots(images, one, 85)[3];
  const uint32_t by_four = ChooseEnhancedSlots(images, four, 85)[3];
  EXPECT_LT(by_four * 1.07, by_one);
  EXPECT_LT(by_one, by_none);
  EXPECT_LT(by_four, ChooseEnhancedSlots(images, apart, 85)[3]);
}

TEST(EnhancedSlots, ImagesLikeAMeasuredOneFollowThatOne) {
  std::vector<SlotImage> images = Pages(4);
  images[1].file_bytes = images[3].file_bytes = 50'000;
  // Of the thick ones enhancing made half, of the thin ones twice.
  const Measured measured = {250'000.0, 100'000.0, std::nullopt, std::nullopt};
  const std::vector<uint32_t> slots = ChooseEnhancedSlots(images, measured, 85);
  EXPECT_LT(slots[2], 450'000u);
  EXPECT_GT(slots[3], 100'000u);
}

TEST(EnhancedSlots, GrowWithTheQuality) {
  for (const ImageFormat format :
       {ImageFormat::kJpeg, ImageFormat::kPng, ImageFormat::kWebp, ImageFormat::kUnknown}) {
    SlotImage image = Jpeg(900, 1300, 300'000);
    image.format = format;
    uint32_t last = 0;
    for (uint32_t quality = 1; quality <= 100; ++quality) {
      const uint32_t slot = Slot(image, std::nullopt, quality);
      EXPECT_GE(slot, last) << static_cast<int>(format) << " at " << quality;
      last = slot;
    }
    EXPECT_GT(last, Slot(image, std::nullopt, 60));
  }
}

TEST(EnhancedSlots, AFinelyCodedJpegLosesMost) {
  EXPECT_LT(Slot(Jpeg(1000, 1500, 900'000, 40)), Slot(Jpeg(1000, 1500, 900'000, 300)));
  EXPECT_LT(Slot(Jpeg(1000, 1500, 900'000, 300)), Slot(Jpeg(1000, 1500, 900'000, 1000)));
}

TEST(EnhancedSlots, HoldTheLeastPayloadAndTheProfileWhateverIsSaid) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const uint32_t side : {0u, 1u, 17u, 500u, 7000u}) {
    for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{100} << 20, UINT64_MAX}) {
      SlotImage image = Jpeg(side, side, bytes, bytes % 2 == 0 ? 0 : UINT32_MAX);
      image.file_pixels = bytes;
      image.icc_bytes = 5000;
      for (const std::optional<double> measured :
           {std::optional<double>(), {0.0}, {1e300}, {kInfinity}}) {
        const uint32_t slot = Slot(image, measured);
        EXPECT_GE(slot, MinPayload(side, side) + 5000) << side << " " << bytes;
        EXPECT_LE(slot, MinPayload(side, side) * 2 + 5200 + 2ull * side * side);
      }
    }
  }
  const std::vector<uint32_t> mixed =
      ChooseEnhancedSlots(Pages(4), Measured{kInfinity, 0.0, std::nullopt, -kInfinity}, 85);
  for (const uint32_t slot : mixed) EXPECT_GE(slot, MinPayload(1200, 1800));
}

TEST(EnhancedSlots, AreTheSameForTheSameImages) {
  const std::vector<SlotImage> images = Pages(40);
  Measured measured(40);
  for (const size_t i : ChooseEnhancedSample(images)) measured[i] = 333'333.0 + 7777.0 * i;
  EXPECT_EQ(ChooseEnhancedSample(images), ChooseEnhancedSample(Pages(40)));
  EXPECT_EQ(ChooseEnhancedSlots(images, measured, 85),
            ChooseEnhancedSlots(Pages(40), measured, 85));
  // No page's slot hangs on another that was not measured.
  std::vector<uint32_t> longer = ChooseEnhancedSlots(Pages(45), measured, 85);
  longer.resize(40);
  EXPECT_EQ(ChooseEnhancedSlots(images, measured, 85), longer);
}

TEST(EnhancedSlots, NoImagesNeedNoSlots) { EXPECT_TRUE(ChooseEnhancedSlots({}, {}, 85).empty()); }

// Panels, slopes, dots and grain, another drawing on each page.
std::string MakePage(uint32_t page, uint32_t width, uint32_t height) {
  std::vector<uint8_t> pixels;
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      const uint32_t panel = x / (150 + 20 * (page % 4)) + y / 190 * 3 + page;
      const bool gutter = x % 170 < 8 || y % 190 < 8;
      const uint32_t grain = (x * 7919 + y * 104729 + (x * y) % 251) % 97 % (panel % 4 * 4 + 3);
      const uint32_t dots = panel % 3 == 0 && x % 8 < 3 && y % 8 < 3 ? 60 : 0;
      for (uint32_t c = 0; c < 3; ++c) {
        const uint32_t value = 30 + (panel * 37 + c * 50 + x / 16 + y / 9) % 150 + grain + dots;
        pixels.push_back(static_cast<uint8_t>(gutter ? 250 : value));
      }
    }
  }
  RasterRows rows({pixels.data(), width, height, 3, uint64_t{width} * 3});
  return "\xFF\xD8" + EncodeJpegPayload(rows, 90, false).value() + "\xFF\xD9";
}

TEST(EnhancedSlots, PagesKeepTheirQualityInThem) {
  constexpr uint32_t kWidth = 640;
  constexpr uint32_t kHeight = 900;
  std::vector<std::string> files;
  std::vector<SlotImage> images;
  std::vector<Page> pages(16);
  std::vector<Page*> rows;
  const auto bytes = [&](size_t i) {
    return absl::Span<const uint8_t>(reinterpret_cast<const uint8_t*>(files[i].data()),
                                     files[i].size());
  };
  for (uint32_t i = 0; i < pages.size(); ++i) {
    files.push_back(MakePage(i, kWidth, kHeight));
    const absl::StatusOr<ImagePage> page = DescribeImage(bytes(i), files[i].size());
    ASSERT_TRUE(page.ok()) << page.status();
    images.push_back(page->slot);
    rows.push_back(&pages[i]);
  }
  size_t looked_at = 0;
  const auto lend = [&](size_t i, UseImage use) {
    ++looked_at;
    use(bytes(i));
  };
  FillEnhancedSlots(images, {.enhanced = true}, false, lend, absl::MakeSpan(rows));
  EXPECT_LT(looked_at, pages.size());
  double room = 0, used = 0;
  for (size_t i = 0; i < pages.size(); ++i) {
    const absl::StatusOr<MadePicture> made = EnhancePicture(
        bytes(i), {.width = kWidth, .height = kHeight, .max_payload = pages[i].enhanced_bytes});
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_GE(made->image.quality, 85u) << i;
    EXPECT_FALSE(made->image.softened);
    room += pages[i].enhanced_bytes;
    used += static_cast<double>(made->image.payload.size());
  }
  EXPECT_GT(used / room, 0.75);
}

}  // namespace
}  // namespace cbzfs
