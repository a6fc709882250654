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

uint32_t ThumbnailPayload(PictureSize size) {
  const uint64_t pixels = uint64_t{size.width} * size.height;
  return static_cast<uint32_t>(600 + pixels / 2 + pixels / 64);
}

}  // namespace cbzfs
