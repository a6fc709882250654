#include "codecs/document/picture_size.h"

#include <algorithm>
#include <utility>

#include "codecs/document/document.h"
#include "codecs/image/jpeg_fit.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

TEST(PictureSizeTest, FitsInsideAndNeverEnlarges) {
  EXPECT_EQ(FitInside({1240, 1754}, {100, 100}), (PictureSize{71, 100}));
  EXPECT_EQ(FitInside({1754, 1240}, {100, 100}), (PictureSize{100, 71}));
  EXPECT_EQ(FitInside({60, 99}, {100, 100}), (PictureSize{60, 99}));
  EXPECT_EQ(FitInside({1, 65500}, {100, 100}), (PictureSize{1, 100}));
  EXPECT_EQ(FitInside({65500, 1}, {100, 100}), (PictureSize{100, 1}));
  EXPECT_EQ(FitInside({1988, 3056}, {UINT32_MAX, 300}), (PictureSize{195, 300}));
}

TEST(PictureSizeTest, LimitsPixelsAndSides) {
  EXPECT_EQ(LimitPixels({10000, 5000}), (PictureSize{10000, 5000}));
  EXPECT_EQ(LimitPixels({20000, 10000}), (PictureSize{10000, 5000}));
  EXPECT_EQ(LimitPixels({1 << 20, 4}), (PictureSize{65500, 1}));
  for (const uint32_t side : {1u, 40u, 47u, 763u, 65501u, 1u << 20}) {
    for (const auto& [w, h] : {std::pair{side, 1u << 20}, {1u << 20, side}, {side, side}}) {
      const PictureSize size = LimitPixels({w, h});
      EXPECT_LE(uint64_t{size.width} * size.height, kMaxPagePixels);
      EXPECT_LE(std::max(size.width, size.height), kMaxPageSide);
      EXPECT_GE(std::min(size.width, size.height), 1u);
    }
  }
}

TEST(PictureSizeTest, AThumbnailsSlotGrowsSlowerThanItsPixels) {
  EXPECT_EQ(ThumbnailPayload({256, 256}), 400u + 7 * 65536 / 4 / 4);  // 65536^(1/8) = 4
  EXPECT_NEAR(ThumbnailPayload({71, 100}), 4500, 200);
  EXPECT_NEAR(ThumbnailPayload({195, 300}), 26'500, 500);
  EXPECT_LE(ThumbnailPayload({65'500, 65'500}), 4'000'000'000u);
}

TEST(PictureSizeTest, AThumbnailsSlotHoldsAnyPicture) {
  for (uint32_t width = 1; width <= 1100; width += 7) {
    for (const uint32_t height : {1u, 15u, 17u, 100u, 1000u, 65'500u}) {
      EXPECT_GE(ThumbnailPayload({width, height}), MinPayload(width, height));
    }
  }
}

}  // namespace
}  // namespace cbzfs
