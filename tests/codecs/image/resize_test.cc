// What Pillow makes of whole pictures is compared in data/pixels_test.py.

#include "codecs/image/resize.h"

#include <algorithm>
#include <utility>
#include <vector>

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
