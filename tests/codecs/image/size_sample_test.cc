#include "codecs/image/size_sample.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "codecs/image/enhance.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/jpeg_fit.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/image/fake_rows.h"

namespace cbzfs {
namespace {

struct Picture {
  uint32_t width, height, components;
  std::vector<uint8_t> pixels;
  RasterRows Rows() const {
    return RasterRows({pixels.data(), width, height, components, uint64_t{width} * components});
  }
};

Picture Make(uint32_t width, uint32_t height, uint32_t components,
             const std::function<uint32_t(uint32_t x, uint32_t y, uint32_t c)>& value) {
  Picture picture{width, height, components, {}};
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (uint32_t c = 0; c < components; ++c) {
        picture.pixels.push_back(static_cast<uint8_t>(value(x, y, c)));
      }
    }
  }
  return picture;
}

// Rows of dashes with wide margins, the last column of MCUs and the lower half empty.
uint32_t Text(uint32_t x, uint32_t y, uint32_t) {
  const bool ink = x > 100 && x < 1100 && y > 100 && y < 900 && y % 24 < 13 &&
                   (x * 31 + y / 24 * 17) % 23 < 9 && (x / 60 + y / 24) % 7 != 0;
  return ink ? 20 : 250;
}

// Panels of different ground, slopes, dots and grain.
uint32_t Comic(uint32_t x, uint32_t y, uint32_t c) {
  const uint32_t panel = x / 400 + y / 500 * 3;
  if (x % 400 < 12 || y % 500 < 12) return 250;
  const uint32_t grain = (x * 7919 + y * 104729 + (x * y) % 251) % 97 % (panel % 4 * 4 + 1);
  const uint32_t dots = panel % 2 == 0 && x % 8 < 3 && y % 8 < 3 ? 60 : 0;
  return 30 + (panel * 37 + c * 50 + x / 16 + y / 9) % 150 + grain + dots;
}

double Truth(const Picture& picture, const EnhanceOptions& options, uint32_t quality) {
  RasterRows rows = picture.Rows();
  auto enhanced = KeepEnhanced(rows, options);
  bool gray = true;
  for (size_t i = 0; i < picture.pixels.size() && picture.components == 3; i += 3) {
    const uint8_t* pixel = &picture.pixels[i];
    gray = gray && pixel[0] == pixel[1] && pixel[1] == pixel[2];
  }
  return static_cast<double>(EncodeJpegPayload(**enhanced, quality, gray)->size());
}

double Estimate(const Picture& picture, const EnhanceOptions& options = {}, uint32_t quality = 85) {
  RasterRows rows = picture.Rows();
  auto estimate = EstimateEnhancedPayload(rows, options, quality);
  EXPECT_TRUE(estimate.ok()) << estimate.status();
  return estimate.value_or(0);
}

double Error(const Picture& picture, const EnhanceOptions& options = {}, uint32_t quality = 85) {
  return std::abs(std::log(Estimate(picture, options, quality) / Truth(picture, options, quality)));
}

TEST(SizeSample, SmallPicturesAreExact) {
  for (const auto& [w, h] :
       {std::pair{1u, 1u}, {15u, 800u}, {801u, 9u}, {17u, 16u}, {400u, 300u}}) {
    for (const uint32_t components : {1u, 3u}) {
      const Picture picture{w, h, components, TestPixels(w, h, components)};
      RasterRows rows = picture.Rows();
      auto enhanced = KeepEnhanced(rows, {});
      // Quality 95 is never exceeded, so the first encode is the one that is estimated.
      auto fitted = FitJpeg(**enhanced, {.quality = 95, .max_payload = 1 << 24});
      ASSERT_TRUE(fitted.ok());
      EXPECT_EQ(Estimate(picture, {}, 95), fitted->payload.size()) << w << "x" << h;
    }
  }
}

TEST(SizeSample, PagesAreEstimatedWithinATenth) {
  EXPECT_LT(Error(Make(1200, 1700, 1, Text)), 0.10);
  EXPECT_LT(Error(Make(1200, 1700, 3, Text)), 0.10);  // gray in colours
  EXPECT_LT(Error(Make(1201, 1703, 3, Comic)), 0.10);
  EXPECT_LT(Error(Make(1201, 1703, 1, Comic)), 0.10);
  EXPECT_LT(Error(Make(700, 900, 3, Comic)), 0.10);
  EXPECT_LT(Error(Make(1201, 1703, 3, Comic), {.contrast = 2, .cutoff = 20}), 0.10);
  EXPECT_LT(Error(Make(1201, 1703, 3, Comic), {.on = false}), 0.10);
  EXPECT_LT(Error(Make(1201, 1703, 3, Comic), {}, 60), 0.10);
}

TEST(SizeSample, NarrowAndFlatPicturesAreEstimatedToo) {
  EXPECT_LT(Error(Make(40, 9000, 3, Comic)), 0.15);
  EXPECT_LT(Error(Make(9000, 40, 3, Comic)), 0.15);
  EXPECT_LT(Error(Make(1500, 2000, 3, [](uint32_t, uint32_t, uint32_t) { return 250; })), 0.05);
}

TEST(SizeSample, OnePassAndTheSourcesOwnStatus) {
  FakeRows rows(900, 700, 3);
  ASSERT_TRUE(EstimateEnhancedPayload(rows, {}, 85).ok());
  EXPECT_EQ(rows.passes, 1);
  for (const uint32_t width : {100u, 900u}) {
    FakeRows broken(width, 700, 3);
    broken.fail_pass = 1;
    broken.fail_row = 699;
    EXPECT_EQ(EstimateEnhancedPayload(broken, {}, 85).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(SizeSample, ImpossibleArgumentsAreRefused) {
  FakeRows rows(20, 20, 3);
  EXPECT_FALSE(EstimateEnhancedPayload(rows, {}, 0).ok());
  EXPECT_FALSE(EstimateEnhancedPayload(rows, {}, 101).ok());
  FakeRows empty(0, 20, 3);
  EXPECT_FALSE(EstimateEnhancedPayload(empty, {}, 85).ok());
  FakeRows wide(65'501, 1, 1);
  EXPECT_FALSE(EstimateEnhancedPayload(wide, {}, 85).ok());
}

}  // namespace
}  // namespace cbzfs
