// What Pillow makes of whole pictures is compared in data/pixels_test.py.

#include "codecs/image/resize.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "codecs/document/document.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/image/fake_rows.h"

namespace cbzfs {
namespace {

using testing::ElementsAre;

std::vector<uint8_t> Scaled(const std::vector<uint8_t>& gray, uint32_t width, uint32_t new_width,
                            uint32_t new_height) {
  const RasterView view{gray.data(), width, static_cast<uint32_t>(gray.size()) / width, 1, width};
  return ReadAll(*ResizeRows(std::make_unique<RasterRows>(view), new_width, new_height));
}

TEST(FitInside, KeepsTheAspectAndNeverEnlarges) {
  EXPECT_EQ(FitInside(1240, 1754, 100, 100), (ImageSize{71, 100}));
  EXPECT_EQ(FitInside(1754, 1240, 100, 100), (ImageSize{100, 71}));
  EXPECT_EQ(FitInside(60, 99, 100, 100), (ImageSize{60, 99}));
  EXPECT_EQ(FitInside(1, 65500, 100, 100), (ImageSize{1, 100}));
  EXPECT_EQ(FitInside(65500, 1, 100, 100), (ImageSize{100, 1}));
  EXPECT_EQ(FitInside(1988, 3056, UINT32_MAX, 300), (ImageSize{195, 300}));
}

TEST(LimitPixels, HoldsBothLimits) {
  EXPECT_EQ(LimitPixels(10000, 5000), (ImageSize{10000, 5000}));
  EXPECT_EQ(LimitPixels(20000, 10000), (ImageSize{10000, 5000}));
  EXPECT_EQ(LimitPixels(1 << 20, 4), (ImageSize{65500, 1}));
  for (const uint32_t side : {1u, 40u, 47u, 763u, 65501u, 1u << 20}) {
    for (const auto& [w, h] : {std::pair{side, 1u << 20}, {1u << 20, side}, {side, side}}) {
      const ImageSize size = LimitPixels(w, h);
      EXPECT_LE(uint64_t{size.width} * size.height, kMaxPagePixels);
      EXPECT_LE(std::max(size.width, size.height), kMaxPageSide);
      EXPECT_GE(std::min(size.width, size.height), 1u);
    }
  }
}

TEST(ResizeRows, RingsAsPillowDoes) {
  const std::vector<uint8_t> edge = {0, 0, 0, 0, 255, 255, 255, 255};
  EXPECT_THAT(Scaled(edge, 8, 4, 1), ElementsAre(0, 13, 242, 255));
  EXPECT_THAT(Scaled(edge, 8, 11, 1), ElementsAre(0, 0, 3, 0, 0, 128, 255, 255, 252, 255, 255));
  EXPECT_EQ(Scaled(edge, 1, 1, 4), Scaled(edge, 8, 4, 1));
}

TEST(ResizeRows, EvenGroundStaysEven) {
  for (const int level : {0, 1, 127, 254, 255}) {
    const std::vector<uint8_t> ground(97 * 53, static_cast<uint8_t>(level));
    for (const uint32_t size : {1u, 2u, 10u, 96u, 98u, 200u}) {
      EXPECT_THAT(Scaled(ground, 97, size, size), testing::Each(level));
    }
  }
}

TEST(ResizeRows, OwnSizeIsTheSourceItself) {
  auto source = std::make_unique<FakeRows>(30, 20, 3);
  PixelRows* before = source.get();
  EXPECT_EQ(ResizeRows(std::move(source), 30, 20).get(), before);
}

TEST(ResizeRows, EveryPassReadsTheWholeSource) {
  for (const auto& [w, h] : {std::pair{10u, 7u}, {30u, 7u}, {10u, 20u}, {90u, 60u}}) {
    auto source = std::make_unique<FakeRows>(30, 20, 3);
    FakeRows* fake = source.get();
    auto rows = ResizeRows(std::move(source), w, h);
    const std::vector<uint8_t> first = ReadAll(*rows);
    EXPECT_EQ(first.size(), size_t{w} * h * 3);
    EXPECT_EQ(rows->damage(), "torn");  // what the fake says after its last row
    ASSERT_TRUE(rows->Rewind().ok());
    EXPECT_NE(rows->Next(), nullptr);  // a pass given up half-way
    EXPECT_EQ(ReadAll(*rows), first);
    EXPECT_EQ(fake->passes, 3);
  }
}

TEST(ResizeRows, AFailureOfTheSourceEndsThePass) {
  for (const uint32_t row : {0u, 19u}) {
    auto source = std::make_unique<FakeRows>(30, 20, 1);
    source->fail_pass = 1;
    source->fail_row = row;
    auto rows = ResizeRows(std::move(source), 9, 6);
    EXPECT_LT(ReadAll(*rows).size(), 9u * 6);
    EXPECT_EQ(rows->status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(rows->Rewind().code(), absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace cbzfs
