#include "codecs/image/webp_fit.h"

#include <gtest/gtest.h>
#include <webp/decode.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "codecs/document/webp_chunks.h"
#include "codecs/image/dither.h"
#include "codecs/image/raster.h"

namespace cbzfs {
namespace {

struct Pixels {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t components = 1;
  std::vector<uint8_t> bytes;

  RasterView view() const {
    return {bytes.data(), width, height, components, uint64_t{width} * components};
  }
};

// Smooth shapes under grain of so many values.
Pixels Picture(uint32_t width, uint32_t height, uint32_t components, uint32_t grain,
               uint32_t seed = 1) {
  Pixels made{width, height, components, {}};
  std::mt19937 random(seed);
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (uint32_t c = 0; c < components; ++c) {
        const double wave = std::sin(x * 0.11 + c) * std::cos(y * 0.07);
        const int noise =
            grain > 0 ? static_cast<int>(random() % grain) - static_cast<int>(grain / 2) : 0;
        const int value = static_cast<int>(128 + 90 * wave) + noise;
        made.bytes.push_back(static_cast<uint8_t>(std::clamp(value, 0, 255)));
      }
    }
  }
  return made;
}

absl::StatusOr<FittedImage> Fit(const Pixels& pixels, const WebpFitRequest& request) {
  RasterRows rows(pixels.view());
  return FitWebp(rows, request);
}

// As RGB, of a whole file around the payload.
Pixels Decoded(const std::string& payload, uint32_t width, uint32_t height, bool icc) {
  const std::string file =
      WebpStart(kWebpStartBytes + payload.size(), width, height, icc) + payload;
  Pixels out{0, 0, 3, {}};
  int w = 0;
  int h = 0;
  uint8_t* const rgb =
      WebPDecodeRGB(reinterpret_cast<const uint8_t*>(file.data()), file.size(), &w, &h);
  if (rgb == nullptr) return out;
  out.width = static_cast<uint32_t>(w);
  out.height = static_cast<uint32_t>(h);
  out.bytes.assign(rgb, rgb + size_t{3} * out.width * out.height);
  WebPFree(rgb);
  return out;
}

double Psnr(const Pixels& decoded, const Pixels& original) {
  double sum = 0;
  for (size_t i = 0; i < decoded.bytes.size(); ++i) {
    const size_t pixel = i / 3;
    const size_t channel = original.components == 1 ? 0 : i % 3;
    const int off = decoded.bytes[i] - original.bytes[pixel * original.components + channel];
    sum += off * off;
  }
  return 10 * std::log10(255.0 * 255 / std::max(sum / decoded.bytes.size(), 1e-9));
}

TEST(WebpFitTest, HasTheAskedQualityWhereThereIsRoom) {
  for (const uint32_t components : {1u, 3u}) {
    const Pixels picture = Picture(301, 203, components, 20);
    const auto made = Fit(picture, {.quality = 90, .max_payload = 200'000});
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->quality, 90u);
    EXPECT_FALSE(made->softened);
    EXPECT_EQ(made->components, components);
    EXPECT_EQ(made->payload.substr(0, 4), "VP8 ");
    EXPECT_EQ(made->payload.size() % 2, 0u);
    EXPECT_EQ(LeadingChunkBytes(made->payload, "VP8 "), made->payload.size());
    const Pixels decoded = Decoded(made->payload, 301, 203, false);
    ASSERT_EQ(decoded.width, 301u);
    ASSERT_EQ(decoded.height, 203u);
    EXPECT_GT(Psnr(decoded, picture), components == 1 ? 38 : 30);
    const auto low = Fit(picture, {.quality = 50, .max_payload = 200'000});
    EXPECT_LT(low->payload.size(), made->payload.size());
    // The same on every run.
    EXPECT_EQ(Fit(picture, {.quality = 90, .max_payload = 200'000})->payload, made->payload);
  }
}

TEST(WebpFitTest, FitsEverySlotFromTheLeastOn) {
  for (const auto& [width, height] : std::vector<std::pair<uint32_t, uint32_t>>{
           {1, 1}, {2, 3}, {16, 16}, {17, 33}, {400, 300}, {1, 2000}, {3000, 9}}) {
    for (const uint32_t components : {1u, 3u}) {
      for (const uint32_t grain : {0u, 255u}) {
        const Pixels picture = Picture(width, height, components, grain);
        const uint64_t least = MinWebpPayload(width, height);
        uint32_t last = 0;
        for (uint64_t room = least; room < 4 * uint64_t{width} * height + 2000;
             room += room / 3 + 1) {
          const auto made = Fit(picture, {.quality = 85, .max_payload = room});
          ASSERT_TRUE(made.ok()) << made.status() << " " << width << "x" << height;
          ASSERT_LE(made->payload.size(), room);
          ASSERT_EQ(Decoded(made->payload, width, height, false).width, width);
          last = made->quality;
        }
        EXPECT_EQ(last, 85u);
        EXPECT_EQ(Fit(picture, {.quality = 85, .max_payload = least - 1}).status().code(),
                  absl::StatusCode::kInvalidArgument);
      }
    }
  }
}

TEST(WebpFitTest, OneColourFitsTheLeastSlotOfAnySize) {
  for (const uint32_t side : {1u, 15u, 16u, 17u, 100u, 1000u, 3000u}) {
    for (const uint32_t value : {0u, 1u, 77u, 128u, 200u, 255u}) {
      const Pixels flat{side, side, 1, std::vector<uint8_t>(size_t{side} * side, value)};
      const auto made = Fit(flat, {.quality = 20, .max_payload = MinWebpPayload(side, side)});
      ASSERT_TRUE(made.ok()) << made.status();
      EXPECT_LE(made->payload.size() * 10, 9 * MinWebpPayload(side, side) + 600) << side;
    }
  }
}

TEST(WebpFitTest, QualityGoesDownBeforeDetailDoes) {
  const Pixels picture = Picture(640, 480, 3, 60);
  const auto whole = Fit(picture, {.quality = 90, .max_payload = 1 << 20});
  const uint64_t size = whole->payload.size();
  const auto lower = Fit(picture, {.quality = 90, .max_payload = size / 2});
  EXPECT_FALSE(lower->softened);
  EXPECT_LT(lower->quality, 90u);
  EXPECT_GE(lower->quality, 20u);
  // Not much of the room is wasted.
  EXPECT_GT(lower->payload.size(), size / 2 * 85 / 100);
  const auto soft = Fit(picture, {.quality = 90, .max_payload = size / 40});
  EXPECT_TRUE(soft->softened);
}

TEST(WebpFitTest, TheProfileStandsInFrontAndCounts) {
  const Pixels picture = Picture(300, 200, 3, 10);
  const std::string icc = WebpChunk("ICCP", SrgbProfile());
  const auto plain = Fit(picture, {.quality = 85, .max_payload = 1 << 20});
  const auto with = Fit(picture, {.quality = 85, .max_payload = 1 << 20, .profile = SrgbProfile()});
  EXPECT_EQ(with->payload, icc + plain->payload);
  const uint64_t room = plain->payload.size() + icc.size();
  EXPECT_EQ(Fit(picture, {.quality = 85, .max_payload = room, .profile = SrgbProfile()})->quality,
            85u);
  EXPECT_LT(
      Fit(picture, {.quality = 85, .max_payload = room - 1, .profile = SrgbProfile()})->quality,
      85u);
}

TEST(WebpFitTest, FewLevelsAreKeptToTheBit) {
  for (const uint32_t levels : {2u, 4u, 16u}) {
    const Pixels picture = Picture(333, 222, 1, 30);
    auto rows = DitherRows(std::make_unique<RasterRows>(picture.view()), levels);
    ASSERT_TRUE(rows->Rewind().ok());
    Pixels dithered{333, 222, 1, {}};
    for (uint32_t y = 0; y < 222; ++y) {
      const uint8_t* const row = rows->Next();
      dithered.bytes.insert(dithered.bytes.end(), row, row + 333);
    }
    const auto made = FitWebp(*rows, {.quality = 85, .max_payload = 1 << 20, .lossless = true});
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->payload.substr(0, 4), "VP8L");
    EXPECT_EQ(made->quality, 85u);
    EXPECT_GT(Psnr(Decoded(made->payload, 333, 222, false), dithered), 120);
    // Where that does not fit it counts as less than what was asked for.
    const auto lossy = FitWebp(*rows, {.quality = 85,
                                       .max_payload = made->payload.size() - 1,
                                       .lossless = true});
    ASSERT_TRUE(lossy.ok()) << lossy.status();
    EXPECT_EQ(lossy->payload.substr(0, 4), "VP8 ");
    EXPECT_LT(lossy->quality, 85u);
  }
}

TEST(WebpFitTest, RefusesWhatNoWebpIs) {
  const Pixels wide = Picture(16'384, 1, 1, 0);
  EXPECT_EQ(Fit(wide, {.max_payload = 1 << 20}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Fit(Picture(16'383, 2, 1, 0), {.max_payload = 1 << 20}).ok());
  EXPECT_EQ(Fit(Picture(5, 5, 1, 0), {.quality = 0, .max_payload = 1 << 20}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace cbzfs
