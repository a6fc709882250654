#include "codecs/image/jpeg_fit.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <jpeglib.h>

#include "codecs/image/jpeg_encode.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

struct Image {
  Image(uint32_t w, uint32_t h, uint32_t c) : width(w), height(h), components(c) {
    pixels.resize(static_cast<size_t>(w) * h * c);
  }
  RasterView View() const {
    return {pixels.data(), width, height, components, static_cast<uint64_t>(width) * components};
  }
  uint8_t* At(uint32_t x, uint32_t y) {
    return &pixels[(static_cast<size_t>(y) * width + x) * components];
  }
  uint32_t width, height, components;
  std::vector<uint8_t> pixels;
};

Image Noise(uint32_t w, uint32_t h, uint32_t components, uint32_t seed = 1) {
  Image image(w, h, components);
  std::mt19937 random(seed);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random() >> 13);
  return image;
}

Image Checkerboard(uint32_t w, uint32_t h, uint32_t cell) {
  Image image(w, h, 3);
  for (uint32_t y = 0; y < h; ++y) {
    for (uint32_t x = 0; x < w; ++x) {
      const uint8_t value = ((x / cell + y / cell) & 1) != 0 ? 255 : 0;
      for (int c = 0; c < 3; ++c) image.At(x, y)[c] = c == 1 ? 255 - value : value;
    }
  }
  return image;
}

// Lines and a slope of colour: the kind of thing pages hold.
Image Drawing(uint32_t w, uint32_t h, bool gray = false) {
  Image image(w, h, 3);
  for (uint32_t y = 0; y < h; ++y) {
    for (uint32_t x = 0; x < w; ++x) {
      const int ink = (x * 7 + y * 3) % 31 < 3 || (x + y * y / 64) % 57 < 2 ? 20 : 235;
      uint8_t* pixel = image.At(x, y);
      for (int c = 0; c < 3; ++c) {
        pixel[c] = static_cast<uint8_t>(gray ? ink : ink - static_cast<int>(x * 15 * c / w));
      }
    }
  }
  return image;
}

struct Decoded {
  uint32_t width = 0, height = 0, components = 0;
  long warnings = -1;
  std::vector<uint8_t> pixels;
};

// What a strict reader makes of the payload between SOI and EOI.
Decoded Decode(const std::string& payload) {
  std::string file = "\xff\xd8" + payload + "\xff\xd9";
  jpeg_decompress_struct cinfo;
  jpeg_error_mgr errors;
  cinfo.err = jpeg_std_error(&errors);  // exits the test program on an error
  jpeg_create_decompress(&cinfo);
  jpeg_mem_src(&cinfo, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&cinfo, TRUE);
  const int components = cinfo.num_components;
  // Without JFIF marker libjpeg takes three components for YCbCr, as the layout's APP0 says.
  cinfo.out_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&cinfo);
  Decoded decoded{cinfo.output_width, cinfo.output_height, static_cast<uint32_t>(components)};
  const size_t stride = static_cast<size_t>(cinfo.output_width) * cinfo.output_components;
  decoded.pixels.resize(stride * cinfo.output_height);
  while (cinfo.output_scanline < cinfo.output_height) {
    JSAMPROW row = decoded.pixels.data() + stride * cinfo.output_scanline;
    jpeg_read_scanlines(&cinfo, &row, 1);
  }
  jpeg_finish_decompress(&cinfo);
  decoded.warnings = errors.num_warnings;
  jpeg_destroy_decompress(&cinfo);
  return decoded;
}

constexpr uint64_t kPlenty = 1ull << 30;

uint64_t SizeAt(const Image& image, uint32_t quality) {
  // No room to fill: the asked quality's own size is found by giving the slot exactly that.
  uint64_t low = MinPayload(image.width, image.height), high = kPlenty;
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    auto fitted = FitJpeg(image.View(), quality, middle);
    EXPECT_TRUE(fitted.ok());
    if (fitted->quality >= quality && !fitted->softened) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

TEST(JpegFit, AnythingFitsTheLeastPayload) {
  const std::vector<std::tuple<uint32_t, uint32_t>> sizes = {
      {1, 1},   {1, 2},   {2, 1},    {7, 9},     {8, 8},     {15, 17},    {16, 16},
      {17, 33}, {31, 1},  {1, 31},   {64, 64},   {255, 257}, {65500, 1},  {1, 65500},
      {3, 999}, {640, 3}, {400, 48}, {1000, 61}, {300, 500}, {65500, 17}, {1023, 777}};
  for (const auto& [w, h] : sizes) {
    for (const Image& image : {Noise(w, h, 3), Noise(w, h, 1), Checkerboard(w, h, 1),
                               Checkerboard(w, h, 8), Checkerboard(w, h, 3), Image(w, h, 3)}) {
      SCOPED_TRACE(testing::Message() << w << "x" << h << "x" << image.components);
      auto fitted = FitJpeg(image.View(), 85, MinPayload(w, h));
      ASSERT_TRUE(fitted.ok()) << fitted.status();
      EXPECT_LE(fitted->payload.size(), MinPayload(w, h));
      EXPECT_GE(fitted->quality, 40u);
      const Decoded decoded = Decode(fitted->payload);
      EXPECT_EQ(decoded.width, w);
      EXPECT_EQ(decoded.height, h);
      EXPECT_EQ(decoded.components, fitted->components);
      EXPECT_EQ(decoded.warnings, 0);
    }
  }
}

TEST(JpegFit, FlatRastersOfEveryLevelFitTheLeastPayload) {
  for (int level = 0; level < 256; level += 5) {
    Image image(333, 77, 3);
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] = static_cast<uint8_t>(i % 3 == 0 ? level : 255 - level);
    }
    auto fitted = FitJpeg(image.View(), 40, MinPayload(333, 77));
    ASSERT_TRUE(fitted.ok());
    EXPECT_FALSE(fitted->softened) << level;
  }
}

TEST(JpegFit, KeepsTheAskedQualityWhereItFits) {
  const Image image = Drawing(700, 900);
  const uint64_t needed = SizeAt(image, 85);
  for (const uint64_t room : {needed, needed + 1, needed * 11 / 10, needed * 2, needed * 9}) {
    auto fitted = FitJpeg(image.View(), 85, room);
    ASSERT_TRUE(fitted.ok());
    EXPECT_GE(fitted->quality, 85u) << room;
    EXPECT_FALSE(fitted->softened);
    EXPECT_LE(fitted->payload.size(), room);
  }
}

TEST(JpegFit, SpareRoomGoesIntoQuality) {
  const Image image = Drawing(1200, 1700);
  const uint64_t needed = SizeAt(image, 75);
  auto exact = FitJpeg(image.View(), 75, needed);
  auto roomy = FitJpeg(image.View(), 75, needed * 13 / 10);
  ASSERT_TRUE(exact.ok() && roomy.ok());
  EXPECT_GT(roomy->quality, exact->quality);
  EXPECT_GT(roomy->payload.size(), needed * 115 / 100);
  auto vast = FitJpeg(image.View(), 75, needed * 20);
  ASSERT_TRUE(vast.ok());
  EXPECT_LE(vast->quality, 95u);
}

// Pages are first coded with the tables of a sample, which take a little more room than the best.
TEST(JpegFit, ExactIsTheAskedQualityAndTheBestTablesWhateverTheRoom) {
  // Large enough for tables of a sample, which take more room.
  const Image image = Noise(1024, 1024, 3);
  for (const uint32_t quality : {40u, 85u, 100u}) {
    RasterRows rows(image.View());
    const auto fitted =
        FitJpeg(rows, {.quality = quality, .max_payload = 100 << 20, .exact = true});
    ASSERT_TRUE(fitted.ok()) << fitted.status();
    EXPECT_EQ(fitted->quality, quality);
    const auto best = EncodeJpegPayload(rows, quality, /*gray=*/false);
    ASSERT_TRUE(best.ok());
    EXPECT_TRUE(fitted->payload == *best);
    EXPECT_LE(fitted->payload.size(), 3u << 20);  // what tight books are given (fs/core/book.cc)
    // What does not fit loses quality all the same.
    const auto low = FitJpeg(
        rows, {.quality = quality, .max_payload = fitted->payload.size() / 2, .exact = true});
    ASSERT_TRUE(low.ok());
    EXPECT_LE(low->payload.size(), fitted->payload.size() / 2);
  }
  Image gray = Noise(300, 300, 1);
  RasterRows rows(gray.View());
  for (const uint32_t quality : {50u, 100u}) {
    const auto fitted =
        FitJpeg(rows, {.quality = quality, .max_payload = 100 << 20, .exact = true});
    ASSERT_TRUE(fitted.ok());
    EXPECT_EQ(fitted->quality, quality);
    EXPECT_LE(fitted->payload.size(), 2u * 300 * 300);
  }
}

TEST(JpegFit, TablesOfASampleCostNeitherPixelsNorQuality) {
  const Image page = Drawing(1000, 1400);
  const RowSource source{1000, 1400, 3,
                         [](void* state, uint32_t y) -> const uint8_t* {
                           return static_cast<Image*>(state)->At(0, y);
                         },
                         const_cast<Image*>(&page)};
  const auto best = EncodeJpegPayload(source, 85, false);
  ASSERT_TRUE(best.ok());
  const auto roomy = FitJpeg(page.View(), 85, best->size() * 109 / 100);
  ASSERT_TRUE(roomy.ok());
  EXPECT_EQ(roomy->quality, 85u);
  EXPECT_NE(roomy->payload, *best);
  EXPECT_LT(roomy->payload.size(), best->size() * 102 / 100);
  EXPECT_EQ(Decode(roomy->payload).pixels, Decode(*best).pixels);
  EXPECT_EQ(Decode(roomy->payload).warnings, 0);
  // Where only the best fit, they are what it gets.
  const auto tight = FitJpeg(page.View(), 85, best->size());
  ASSERT_TRUE(tight.ok());
  EXPECT_EQ(tight->quality, 85u);
  EXPECT_EQ(tight->payload, *best);
}

TEST(JpegFit, AnOverflowingPageLosesNoMoreQualityThanItMust) {
  const Image image = Drawing(700, 900);
  for (const uint32_t quality : {80u, 70u, 55u, 41u}) {
    const uint64_t room = SizeAt(image, quality);
    auto fitted = FitJpeg(image.View(), 90, room);
    ASSERT_TRUE(fitted.ok());
    EXPECT_LE(fitted->payload.size(), room);
    EXPECT_GE(fitted->quality + 2, quality);
    EXPECT_FALSE(fitted->softened);
  }
}

TEST(JpegFit, DetailGoesOnlyWhenQuality40DoesNotFit) {
  const Image image = Noise(600, 800, 3);
  const uint64_t room = SizeAt(image, 40);
  auto kept = FitJpeg(image.View(), 85, room);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->quality, 40u);
  EXPECT_FALSE(kept->softened);
  auto softened = FitJpeg(image.View(), 85, room / 2);
  ASSERT_TRUE(softened.ok());
  EXPECT_TRUE(softened->softened);
  EXPECT_GE(softened->quality, 40u);
  EXPECT_EQ(Decode(softened->payload).width, 600u);
}

TEST(JpegFit, SofteningKeepsWhatIsWhere) {
  // Left half dark, right half bright, under noise that does not fit.
  Image image = Noise(512, 512, 3);
  for (uint32_t y = 0; y < 512; ++y) {
    for (uint32_t x = 0; x < 512; ++x) {
      for (int c = 0; c < 3; ++c) image.At(x, y)[c] = image.At(x, y)[c] / 4 + (x < 256 ? 0 : 190);
    }
  }
  auto fitted = FitJpeg(image.View(), 85, 8000);
  ASSERT_TRUE(fitted.ok());
  ASSERT_TRUE(fitted->softened);
  const Decoded decoded = Decode(fitted->payload);
  EXPECT_LT(decoded.pixels[(300 * 512 + 100) * 3], 80);
  EXPECT_GT(decoded.pixels[(300 * 512 + 400) * 3], 175);
}

TEST(JpegFit, GrayIsFoundToTheLastPixel) {
  for (const uint32_t width : {1u, 3u, 7u, 8u, 9u, 23u, 64u, 65u}) {
    Image image = Drawing(width, 20, /*gray=*/true);
    auto gray = FitJpeg(image.View(), 85, kPlenty);
    ASSERT_TRUE(gray.ok());
    EXPECT_EQ(gray->components, 1u) << width;
    EXPECT_EQ(Decode(gray->payload).components, 1u);
    for (uint32_t x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        Image tinted = image;
        tinted.At(x, 19)[c] ^= 1;
        auto colour = FitJpeg(tinted.View(), 85, kPlenty);
        ASSERT_TRUE(colour.ok());
        EXPECT_EQ(colour->components, 3u) << width << " " << x << " " << c;
      }
    }
  }
}

TEST(JpegFit, AGrayRasterAndTheSameInRgbGiveTheSameBytes) {
  const Image rgb = Drawing(333, 222, /*gray=*/true);
  Image gray(333, 222, 1);
  for (size_t i = 0; i < gray.pixels.size(); ++i) gray.pixels[i] = rgb.pixels[i * 3];
  auto from_rgb = FitJpeg(rgb.View(), 85, 12'000);
  auto from_gray = FitJpeg(gray.View(), 85, 12'000);
  ASSERT_TRUE(from_rgb.ok() && from_gray.ok());
  EXPECT_EQ(from_rgb->payload, from_gray->payload);
}

TEST(JpegFit, EqualPixelsGiveEqualBytesWhateverTheStride) {
  const Image image = Drawing(701, 903);
  Image wide(701 + 19, 903, 3);
  for (uint32_t y = 0; y < 903; ++y) {
    std::copy_n(image.View().Row(y), 701 * 3, wide.At(0, y));
  }
  RasterView strided = wide.View();
  strided.width = 701;
  for (const uint64_t room : {20'000u, 60'000u, 150'000u, 900'000u}) {
    auto first = FitJpeg(image.View(), 85, room);
    auto second = FitJpeg(image.View(), 85, room);
    auto third = FitJpeg(strided, 85, room);
    ASSERT_TRUE(first.ok() && second.ok() && third.ok());
    EXPECT_EQ(first->payload, second->payload);
    EXPECT_EQ(first->payload, third->payload);
  }
}

TEST(JpegFit, PayloadBeginsWithTablesAndEndsBeforeEoi) {
  const Image image = Drawing(100, 100);
  auto fitted = FitJpeg(image.View(), 85, kPlenty);
  ASSERT_TRUE(fitted.ok());
  EXPECT_EQ(fitted->payload.substr(0, 2), "\xff\xdb");
  EXPECT_NE(fitted->payload.substr(fitted->payload.size() - 2), "\xff\xd9");
}

TEST(JpegFit, ImpossibleArgumentsAreRefused) {
  const Image image = Drawing(64, 64);
  EXPECT_EQ(FitJpeg(image.View(), 85, MinPayload(64, 64) - 1).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(FitJpeg(image.View(), 0, kPlenty).ok());
  EXPECT_FALSE(FitJpeg(image.View(), 101, kPlenty).ok());
  RasterView view = image.View();
  view.width = 0;
  EXPECT_FALSE(FitJpeg(view, 85, kPlenty).ok());
  view = image.View();
  view.width = 65'501;
  EXPECT_FALSE(FitJpeg(view, 85, kPlenty).ok());
  view = image.View();
  view.components = 4;
  EXPECT_FALSE(FitJpeg(view, 85, kPlenty).ok());
  view = image.View();
  view.stride = 64;
  EXPECT_FALSE(FitJpeg(view, 85, kPlenty).ok());
  view = image.View();
  view.pixels = nullptr;
  EXPECT_FALSE(FitJpeg(view, 85, kPlenty).ok());
}

}  // namespace
}  // namespace cbzfs
