#include "codecs/document/picture_size.h"

#include <algorithm>
#include <cmath>

#include "codecs/document/document.h"

namespace cbzfs {
namespace {

// Of the whole numbers beside `side` the one whose error is least, the lower of equals; at least 1.
template <typename Error>
uint32_t RoundSide(double side, Error error) {
  const double low = std::floor(side);
  const double high = std::ceil(side);
  return static_cast<uint32_t>(std::max(error(high) < error(low) ? high : low, 1.0));
}

}  // namespace

PictureSize FitInside(PictureSize picture, PictureSize box) {
  if (picture.width <= box.width && picture.height <= box.height) return picture;
  const double x = box.width;
  const double y = box.height;
  const double aspect = static_cast<double>(picture.width) / picture.height;
  if (x / y >= aspect) {
    return {RoundSide(y * aspect, [&](double n) { return std::abs(aspect - n / y); }), box.height};
  }
  return {box.width,
          RoundSide(x / aspect, [&](double n) { return n == 0 ? 0 : std::abs(aspect - x / n); })};
}

PictureSize LimitPixels(PictureSize picture) {
  double w = picture.width;
  double h = picture.height;
  if (w * h > double{kMaxPagePixels}) {
    const double ratio = std::sqrt(double{kMaxPagePixels} / (w * h));
    w = std::max(std::trunc(w * ratio), 1.0);
    h = std::max(std::trunc(h * ratio), 1.0);
  }
  if (std::max(w, h) > kMaxPageSide) {
    const double ratio = kMaxPageSide / std::max(w, h);
    w = std::clamp(std::trunc(w * ratio), 1.0, double{kMaxPageSide});
    h = std::clamp(std::trunc(h * ratio), 1.0, double{kMaxPageSide});
  }
  return {static_cast<uint32_t>(w), static_cast<uint32_t>(h)};
}

// Small pictures need more bytes a pixel than large ones: the 0.875th power fits pictures of 100 to
// 600 pixels. Square roots are exact everywhere; std::pow() need not be.
uint32_t ThumbnailPayload(PictureSize size) {
  const double pixels = static_cast<double>(size.width) * size.height;
  const double power = pixels / std::sqrt(std::sqrt(std::sqrt(pixels)));
  return static_cast<uint32_t>(std::min(400 + 1.75 * power, 4e9));
}

}  // namespace cbzfs
