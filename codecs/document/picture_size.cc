#include "codecs/document/picture_size.h"

#include <algorithm>
#include <cmath>

namespace cbzfs {
namespace {

// Of the two whole numbers around `value`, at least 1, the one for which `error` is less; the lower
// one where both are as good.
template <typename Error>
uint32_t NearestBy(double value, const Error& error) {
  const double low = std::floor(value);
  const double high = std::ceil(value);
  return static_cast<uint32_t>(std::max(error(high) < error(low) ? high : low, 1.0));
}

uint32_t WidthFor(double aspect, uint32_t height) {
  return NearestBy(height * aspect, [&](double width) { return std::fabs(aspect - width / height); });
}

uint32_t HeightFor(double aspect, uint32_t width) {
  return NearestBy(width / aspect, [&](double height) {
    return height == 0 ? 0 : std::fabs(aspect - width / height);
  });
}

double AspectOf(PictureSize picture) {
  return static_cast<double>(picture.width) / picture.height;
}

}  // namespace

PictureSize FitInside(PictureSize picture, PictureSize box) {
  if (box.width >= picture.width && box.height >= picture.height) return picture;
  const double aspect = AspectOf(picture);
  if (AspectOf(box) >= aspect) return {WidthFor(aspect, box.height), box.height};
  return {box.width, HeightFor(aspect, box.width)};
}

PictureSize FitHeight(PictureSize picture, uint32_t height) {
  if (height >= picture.height) return picture;
  return {WidthFor(AspectOf(picture), height), height};
}

uint32_t ThumbnailPayload(PictureSize size) {
  const uint64_t pixels = uint64_t{size.width} * size.height;
  return static_cast<uint32_t>(600 + pixels / 2 + pixels / 64);
}

}  // namespace cbzfs
