// Windows, canvases, gray, dithering and margins.

#include "codecs/image/page_rows.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "codecs/image/dither.h"
#include "codecs/image/kept_rows.h"
#include "codecs/image/margins.h"

namespace cbzfs {
namespace {

struct Picture {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t components = 1;
  std::vector<uint8_t> pixels;

  Picture(uint32_t w, uint32_t h, uint32_t c, uint8_t ground)
      : width(w), height(h), components(c), pixels(size_t{w} * h * c, ground) {}
  uint8_t& At(uint32_t x, uint32_t y) { return pixels[(size_t{y} * width + x) * components]; }
  void Fill(const Window& part, uint8_t value) {
    for (uint32_t y = part.top; y < part.top + part.height; ++y) {
      for (uint32_t x = part.left; x < part.left + part.width; ++x) {
        for (uint32_t c = 0; c < components; ++c) (&At(x, y))[c] = value;
      }
    }
  }
  std::unique_ptr<PixelRows> Rows() const {
    return std::make_unique<RasterRows>(
        RasterView{pixels.data(), width, height, components, uint64_t{width} * components});
  }
};

std::vector<uint8_t> Pass(PixelRows& rows) {
  std::vector<uint8_t> all;
  EXPECT_TRUE(rows.Rewind().ok());
  for (uint32_t y = 0; y < rows.height(); ++y) {
    const uint8_t* const row = rows.Next();
    all.insert(all.end(), row, row + size_t{rows.width()} * rows.components());
  }
  return all;
}

TEST(PageRows, AWindowIsThatPart) {
  Picture picture(5, 4, 1, 0);
  for (size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<uint8_t>(i);
  const auto rows = WindowRows(picture.Rows(), {2, 1, 2, 2});
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(Pass(*rows), (std::vector<uint8_t>{7, 8, 12, 13}));
  }
}

TEST(PageRows, ACanvasHasThePictureInItsMiddle) {
  const Picture picture(2, 1, 1, 9);
  const auto rows = CanvasRows(picture.Rows(), 4, 3, 255);
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(Pass(*rows),
              (std::vector<uint8_t>{255, 255, 255, 255, 255, 9, 9, 255, 255, 255, 255, 255}));
  }
}

TEST(PageRows, GrayIsLuma) {
  Picture picture(3, 1, 3, 0);
  picture.pixels = {255, 0, 0, 0, 255, 0, 10, 10, 10};
  const auto rows = GrayRows(picture.Rows());
  EXPECT_EQ(rows->components(), 1u);
  EXPECT_EQ(Pass(*rows), (std::vector<uint8_t>{76, 150, 10}));
}

TEST(Dither, HasTheLevelsAndTheMeanOfThePicture) {
  for (const uint32_t levels : {2u, 4u, 16u, 64u}) {
    Picture picture(256, 64, 1, 0);
    uint64_t before = 0;
    for (uint32_t y = 0; y < 64; ++y) {
      for (uint32_t x = 0; x < 256; ++x) before += picture.At(x, y) = static_cast<uint8_t>(x);
    }
    const auto rows = DitherRows(picture.Rows(), levels);
    const std::vector<uint8_t> first = Pass(*rows);
    EXPECT_EQ(Pass(*rows), first) << "each pass gives the same";
    const std::set<uint8_t> used(first.begin(), first.end());
    EXPECT_EQ(used.size(), levels);
    EXPECT_TRUE(used.contains(0) && used.contains(255));
    uint64_t after = 0;
    for (const uint8_t value : first) after += value;
    EXPECT_NEAR(static_cast<double>(after) / before, 1, 0.01) << levels;
  }
}

TEST(Dither, LeavesEvenBlackAndWhiteAlone) {
  for (const uint8_t value : {uint8_t{0}, uint8_t{255}}) {
    const Picture picture(40, 30, 1, value);
    EXPECT_EQ(Pass(*DitherRows(picture.Rows(), 16)), picture.pixels);
  }
}

TEST(Dither, WithoutStrengthOnlyRounds) {
  const Picture picture(4, 4, 1, 100);
  const std::vector<uint8_t> rounded(16, 102);
  EXPECT_EQ(Pass(*DitherRows(picture.Rows(), 16, 0)), rounded);
}

Content Found(const Picture& picture, const Window& part) {
  const auto rows = picture.Rows();
  const auto found = FindContent(*rows, part);
  EXPECT_TRUE(found.ok());
  return found.value_or(Content());
}

TEST(Margins, EndWhereSomethingBegins) {
  for (const uint32_t components : {1u, 3u}) {
    for (const uint8_t ground : {uint8_t{255}, uint8_t{230}, uint8_t{0}}) {
      Picture picture(400, 600, components, ground);
      const Window drawn = {60, 90, 280, 420};
      picture.Fill(drawn, ground < 128 ? 255 : 0);
      const Content found = Found(picture, {0, 0, 400, 600});
      EXPECT_EQ(found.ground, ground < 128 ? 0 : 255);
      // Nothing is cut off, and only a rim stays.
      EXPECT_LE(found.window.left, drawn.left);
      EXPECT_LE(found.window.top, drawn.top);
      EXPECT_GE(found.window.left + found.window.width, drawn.left + drawn.width);
      EXPECT_GE(found.window.top + found.window.height, drawn.top + drawn.height);
      EXPECT_LE(found.window.width, drawn.width + 10);
      EXPECT_LE(found.window.height, drawn.height + 14);
    }
  }
}

TEST(Margins, ThinLinesCountAndDustDoesNot) {
  Picture picture(800, 1200, 1, 250);
  picture.Fill({100, 150, 600, 1}, 0);
  picture.Fill({100, 1050, 600, 1}, 0);
  picture.Fill({100, 150, 1, 901}, 0);
  picture.Fill({699, 150, 1, 901}, 0);
  const Content clean = Found(picture, {0, 0, 800, 1200});
  EXPECT_NEAR(clean.window.width, 600, 16);
  EXPECT_NEAR(clean.window.height, 901, 24);
  picture.Fill({20, 20, 1, 1}, 0);
  picture.Fill({780, 1190, 1, 1}, 0);
  EXPECT_EQ(Found(picture, {0, 0, 800, 1200}).window, clean.window);
}

TEST(Margins, APageNumberIsKept) {
  Picture picture(800, 1200, 1, 255);
  picture.Fill({100, 100, 600, 900}, 0);
  picture.Fill({390, 1120, 24, 20}, 0);
  const Window window = Found(picture, {0, 0, 800, 1200}).window;
  EXPECT_GE(window.top + window.height, 1140u);
}

TEST(Margins, LittleContentIsNotBlownUpAndNoneKeepsAll) {
  Picture picture(500, 500, 1, 255);
  EXPECT_EQ(Found(picture, {0, 0, 500, 500}).window, (Window{0, 0, 500, 500}));
  picture.Fill({240, 240, 20, 20}, 0);
  const Window window = Found(picture, {0, 0, 500, 500}).window;
  EXPECT_EQ(window.width, 300u);
  EXPECT_EQ(window.height, 300u);
  EXPECT_LE(window.left, 240u);
}

TEST(Margins, OnlyThePartIsLookedAt) {
  Picture picture(400, 300, 1, 255);
  picture.Fill({0, 0, 200, 300}, 0);
  picture.Fill({250, 50, 100, 200}, 0);
  const Window window = Found(picture, {200, 0, 200, 300}).window;
  EXPECT_GE(window.left, 230u);
  EXPECT_LE(window.left + window.width, 370u);
}

TEST(Margins, PicturesOfAnySizeAreLookedAt) {
  for (const uint32_t width : {1u, 2u, 1023u, 1025u, 3000u}) {
    for (const uint32_t height : {1u, 3u, 2049u}) {
      Picture picture(width, height, 1, 200);
      picture.At(width - 1, height - 1) = 0;
      const Window window = Found(picture, {0, 0, width, height}).window;
      EXPECT_GE(window.width, 1u);
      EXPECT_LE(window.left + window.width, width);
      EXPECT_LE(window.top + window.height, height);
    }
  }
}

}  // namespace
}  // namespace cbzfs
