// From pages and drawings to the numbers that the slot model reads.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "codecs/image/jpeg_encode.h"
#include "codecs/pdf/page_facts.h"
#include "codecs/pdf/slot_model.h"
#include "codecs/pdf/slot_model_trees.h"

namespace cbzfs {
namespace {

constexpr uint32_t kShrink = 4;
constexpr uint32_t kLeastSide = 8;

// JBIG2 is counted as what Group 4 would take, which is what the constants know.
constexpr double kFaxOverJbig2 = 2.5;

// Levels of a block that still count as one, and as strong edges.
constexpr int kFlatRange = 4;
constexpr int kBusyRange = 40;

float Log(double value, double floor) { return RoundedLog(value + floor); }

void DescribeImages(const PageCounts::Images& images, double points, double pixels, size_t at,
                    SlotPage* page) {
  page->facts[at] = Log(images.pixels / pixels, 1e-3);
  page->facts[at + 1] = Log(images.bytes / points, 1e-4);
  page->facts[at + 2] = Log(std::min(images.area / points, 4.0), 1e-3);
}

// Milliseconds of decoding: nanoseconds a pixel or coded byte, measured on the wild pages.
double ImageCost(const ImagePlacement& image) {
  const double pixels = static_cast<double>(image.width) * image.height;
  const double bytes = static_cast<double>(image.bytes);
  switch (image.filter) {
    case ImageFilter::kDct:
      return (pixels * 1.5 + bytes * 8) * 1e-6;  // decoded at a reduced size
    case ImageFilter::kJpx:
      return (pixels * 60 + bytes * 50) * 1e-6;
    case ImageFilter::kJbig2:
      return (pixels * 6.5 + bytes * 50) * 1e-6;
    case ImageFilter::kFax:
      return (pixels * 2 + bytes * 30) * 1e-6;
    default:
      return (pixels * (image.bits == 1 ? 1.5 : 5) + bytes * 4) * 1e-6;
  }
}

double DrawingCost(uint32_t width, uint32_t height, const PageFacts& facts) {
  const PageCounts& counts = facts.counts;
  // Forms in forms make 2^40 drawings out of 8 kB: no sample is worth that.
  if (facts.runaway) return kNeverDrawn + 1;
  double cost = 1.6 + static_cast<double>(width) * height / (kShrink * kShrink) * 6e-6;
  cost += counts.content_bytes * 25e-6 + counts.glyphs * 100e-6 + counts.segments * 300e-6;
  cost += counts.shadings * 1.5 + counts.patterns * 4 + counts.transparent_forms * 0.5;
  for (const ImagePlacement& image : facts.images) cost += ImageCost(image);
  // What was not read may be anything. A page that may take seconds must cost only itself when it
  // is read, not the whole document when its size is asked.
  if (!facts.complete) cost += 10;
  if (facts.heavy) cost += kNeverDrawn;
  return cost;
}

const uint8_t* FullRow(void* state, uint32_t y) {
  return static_cast<const RasterView*>(state)->Row(y);
}

// Half the size, by the mean of four.
struct Halved {
  const RasterView* raster;
  std::string row;
};

const uint8_t* HalvedRow(void* state, uint32_t y) {
  Halved* halved = static_cast<Halved*>(state);
  const RasterView& raster = *halved->raster;
  const uint32_t n = raster.components;
  const uint8_t* upper = raster.Row(2 * y);
  const uint8_t* lower = raster.Row(2 * y + 1);
  for (uint32_t x = 0; x < raster.width / 2; ++x) {
    for (uint32_t c = 0; c < n; ++c) {
      const uint32_t i = 2 * x * n + c;
      halved->row[x * n + c] =
          static_cast<char>((upper[i] + upper[i + n] + lower[i] + lower[i + n] + 2) / 4);
    }
  }
  return reinterpret_cast<const uint8_t*>(halved->row.data());
}

bool HasColour(const RasterView& raster) {
  if (raster.components == 1) return false;
  for (uint32_t y = 0; y < raster.height; ++y) {
    const uint8_t* p = raster.Row(y);
    for (uint32_t x = 0; x < raster.width; ++x, p += 3) {
      if (p[0] != p[1] || p[1] != p[2]) return true;
    }
  }
  return false;
}

// Gradient and blocks, on the green channel.
void MeasureDetail(const RasterView& raster, SmallDrawing* small) {
  const uint32_t n = raster.components;
  const uint32_t channel = n == 3 ? 1 : 0;
  uint64_t gradient = 0, blocks = 0, flat = 0, busy = 0;
  for (uint32_t top = 0; top + 8 <= raster.height; top += 8) {
    for (uint32_t left = 0; left + 8 <= raster.width; left += 8) {
      int low = 255, high = 0;
      for (uint32_t y = top; y < top + 8; ++y) {
        const uint8_t* p = raster.Row(y) + size_t{left} * n + channel;
        int before = p[0];
        for (uint32_t x = 0; x < 8; ++x) {
          const int value = p[size_t{x} * n];
          low = std::min(low, value);
          high = std::max(high, value);
          gradient += static_cast<uint64_t>(std::abs(value - before));
          before = value;
        }
      }
      ++blocks;
      flat += high - low < kFlatRange ? 1 : 0;
      busy += high - low > kBusyRange ? 1 : 0;
    }
  }
  const double count = static_cast<double>(std::max<uint64_t>(1, blocks));
  small->gradient = Log(static_cast<double>(gradient) / (count * 56), 1e-2);
  small->flat = static_cast<float>(static_cast<double>(flat) / count);
  small->busy = static_cast<float>(static_cast<double>(busy) / count);
}

}  // namespace

SlotPage DescribePage(uint32_t width, uint32_t height, float dpi, const PageFacts& facts) {
  SlotPage page;
  page.width = width;
  page.height = height;
  const double scale = std::max(1e-3, static_cast<double>(dpi) / 72);
  const double pixels = static_cast<double>(width) * height;
  const double points = pixels / (scale * scale);
  const PageCounts& counts = facts.counts;
  auto& f = page.facts;
  f[kFactScale] = RoundedLog(scale);
  f[kFactPoints] = RoundedLog(points);
  f[kFactContent] = Log(counts.content_bytes / points, 1e-4);
  f[kFactOperators] = Log(counts.operators / points, 1e-5);
  f[kFactGlyphs] = Log(counts.glyphs / points, 1e-5);
  f[kFactGlyphSize] = Log(counts.glyph_size / points, 1e-4);
  f[kFactGlyphArea] = Log(counts.glyph_area / points, 1e-3);
  f[kFactFonts] = Log(counts.fonts, 1);
  f[kFactSegments] = Log(counts.segments / points, 1e-5);
  f[kFactStrokeArea] = Log(counts.stroke_area / points, 1e-4);
  f[kFactStrokeLength] = Log(counts.stroke_length / points, 1e-4);
  f[kFactFillLength] = Log(counts.fill_length / points, 1e-4);
  f[kFactFillArea] = Log(counts.fill_area / points, 1e-3);
  f[kFactShadeArea] = Log(std::min(counts.shade_area / points, 4.0), 1e-3);
  f[kFactForms] = Log(counts.forms, 1);
  f[kFactPatterns] = Log(counts.patterns, 1);
  DescribeImages(counts.photo, points, pixels, kFactPhotoPixels, &page);
  PageCounts::Images bilevel = counts.bilevel;
  for (const ImagePlacement& image : facts.images) {
    if (image.filter == ImageFilter::kJbig2) {
      bilevel.bytes += (kFaxOverJbig2 - 1) * static_cast<double>(image.bytes);
    }
  }
  DescribeImages(bilevel, points, pixels, kFactBilevelPixels, &page);
  DescribeImages(counts.other, points, pixels, kFactOtherPixels, &page);
  double largest = 0;
  for (const ImagePlacement& image : facts.images) {
    const double across = std::hypot(image.ctm.a, image.ctm.b) * scale;
    if (image.area <= largest || across < 1) continue;
    largest = image.area;
    f[kFactImageDpi] = RoundedLog(image.width / across);
  }
  f[kFactGray] = facts.gray ? 1 : 0;
  f[kFactType3] = facts.type3 ? 1 : 0;
  f[kFactTransparent] = Log(counts.transparent_forms, 1);
  f[kFactAnnotations] = Log(facts.annotations, 1);
  page.cost = static_cast<float>(DrawingCost(width, height, facts));
  return page;
}

SmallSize SmallSizeOf(uint32_t width, uint32_t height) {
  return {std::max(kLeastSide, (width + kShrink / 2) / kShrink),
          std::max(kLeastSide, (height + kShrink / 2) / kShrink)};
}

absl::StatusOr<SmallDrawing> MeasureSmall(const RasterView& raster, uint32_t quality) {
  if (raster.width < 2 || raster.height < 2) return absl::InvalidArgumentError("too small");
  SmallDrawing small;
  const bool gray = !HasColour(raster);
  small.gray = gray ? 1 : 0;
  const RowSource whole{raster.width, raster.height, raster.components, FullRow,
                        const_cast<RasterView*>(&raster)};
  absl::StatusOr<std::string> payload = EncodeJpegPayload(whole, quality, gray);
  if (!payload.ok()) return payload.status();
  const double pixels = static_cast<double>(raster.width) * raster.height;
  small.bytes = RoundedLog(static_cast<double>(payload->size()) / pixels);

  Halved state{&raster, std::string(static_cast<size_t>(raster.width / 2) * raster.components, 0)};
  const RowSource half{raster.width / 2, raster.height / 2, raster.components, HalvedRow, &state};
  payload = EncodeJpegPayload(half, quality, gray);
  if (!payload.ok()) return payload.status();
  small.halved_bytes = RoundedLog(static_cast<double>(payload->size()) / (pixels / 4));
  MeasureDetail(raster, &small);
  return small;
}

}  // namespace cbzfs
