#include "codecs/pdf/drawn_row.h"

#include <algorithm>
#include <cmath>

namespace cbzfs {
namespace {

// Of decoded images MuPDF holds on to so many while it draws a page: the size of its store.
constexpr uint64_t kMostKept = uint64_t{64} << 20;
// OpenJPEG decodes all of an image, at full size, to integers of 32 bits.
constexpr uint64_t kJpxSampleBytes = 4;
// A dictionary may claim any size; MuPDF refuses what is larger than this by itself.
constexpr uint64_t kMostDecodeBytes = uint64_t{4} << 30;

// Resolution of an image as it is placed, in pixels per inch; 0 where it has none.
float PlacedResolution(const ImagePlacement& image, const fz_matrix& to_points) {
  const fz_matrix ctm = fz_concat(image.ctm, to_points);
  const float across = std::hypot(ctm.a, ctm.b);
  const float down = std::hypot(ctm.c, ctm.d);
  if (!(across > 0) || !(down > 0) || image.width < 1 || image.height < 1) return 0;
  const float dpi_x = static_cast<float>(image.width) * 72 / across;
  const float dpi_y = static_cast<float>(image.height) * 72 / down;
  // The exact horizontal figure where the pixels are square: a page filled by its image is then
  // drawn pixel by pixel.
  return std::fabs(dpi_x / dpi_y - 1) < 0.01f ? dpi_x : std::sqrt(dpi_x * dpi_y);
}

}  // namespace

DrawnImages ImagesOf(const PageFacts& facts, const fz_matrix& to_points, float most_dpi) {
  DrawnImages found;
  for (const ImagePlacement& image : facts.images) {
    if (image.area <= found.largest) continue;
    found.largest = image.area;
    found.dpi = PlacedResolution(image, to_points);
  }
  // What decoding takes. Others than JPEG 2000 come out of their decoders already made smaller by
  // whole halves, down to twice the size they are drawn at.
  uint64_t sum = 0;
  uint64_t largest = 0;
  int last_object = 0;
  for (const ImagePlacement& image : facts.images) {
    if (image.object != 0 && image.object == last_object) continue;  // in the store by then
    last_object = image.object;
    const uint64_t components = image.mask || image.bits == 1 ? 1
                                : image.components == 0       ? 3
                                                              : image.components;
    const uint64_t samples = uint64_t{image.width} * image.height * components;
    uint64_t bytes = samples;
    if (image.filter == ImageFilter::kJpx) {
      found.plane_bytes = std::max(found.plane_bytes, samples * kJpxSampleBytes);
    } else {
      float dpi = PlacedResolution(image, to_points);
      while (dpi >= 2 * most_dpi) {
        dpi /= 2;
        bytes /= 4;
      }
    }
    largest = std::max(largest, bytes);
    sum += bytes;
  }
  found.kept_bytes = std::max(largest, std::min(sum, kMostKept));
  return found;
}

float ChosenDpi(const AnalyseOptions& options, const DrawnImages& images, const AutoDpi& choice) {
  if (options.dpi != 0) return static_cast<float>(options.dpi);
  if (!(images.dpi > 0)) return choice.without_image;
  return std::clamp(images.dpi, choice.least, choice.most);
}

Page DrawnRow(const PageBox& box, float dpi, bool gray, const DrawnImages& images) {
  const PixelSize size = box.PixelsAt(dpi);
  Page page;
  page.width = size.width;
  page.height = size.height;
  page.dpi = size.dpi;
  page.gray = gray;
  // A page's own raster is counted twice by whoever reserves memory for it: for what is painted on
  // it, and for the encoder after that.
  const uint64_t raster = uint64_t{page.width} * page.height * (page.gray ? 1 : 3);
  page.decode_bytes = images.plane_bytes + (images.kept_bytes > raster ? images.kept_bytes : 0);
  page.decode_bytes = std::min(page.decode_bytes, kMostDecodeBytes);
  return page;
}

}  // namespace cbzfs
