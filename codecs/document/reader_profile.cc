#include "codecs/document/reader_profile.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <utility>

namespace cbzfs {
namespace {

// Figures of tests/bench/calibrate/READERS.md.
constexpr double kMargin = 1.05;
constexpr double kGrayShare = 0.85;
// Without margins a page has more on it.
constexpr double kCropped = 1.2;
// The noise of dithering costs bytes on every pixel that is neither black nor white: on most of a
// page with so much on it, on few of one with less. But smooth tones are little to have on a page,
// and the fewer levels there are, the more of a pattern they become.
constexpr double kDitherBytesPerPixel = 0.12;
constexpr double kFullDensity = 0.2;
constexpr double kCoarseLevels = 4;
constexpr double kMostBytesPerPixel = 2;

// What a page takes as WebP, of what it takes as JPEG of the same quality.
double WebpShare(uint32_t quality) {
  constexpr std::pair<double, double> kShares[] = {{40, 1.1}, {85, 1.0}, {100, 0.8}};
  const double q = std::clamp<double>(quality, kShares[0].first, kShares[2].first);
  const size_t i = q > kShares[1].first ? 1 : 0;
  const auto& [from, share] = kShares[i];
  const auto& [to, share_there] = kShares[i + 1];
  return share + (share_there - share) * (q - from) / (to - from);
}

// More than any page of few levels takes without loss, so that none has to be made with one: the
// bits that tell the levels apart (noise, which is the worst, takes 3.96 of 4), and tables.
double LosslessPayload(double pixels, uint32_t levels) {
  return pixels * std::bit_width(std::max(levels, 2u) - 1) / 8 * 1.03 + 1000;
}

constexpr uint64_t kMostCanvasPixels = kMaxKeptPixels;

double Root(double x) { return std::sqrt(std::max(x, 0.0)); }

// What libjpeg scales its tables by, in percent (QuantiserScale() of codecs/image, which the daemon
// does not link).
double ScaleOf(uint32_t quality) {
  return quality < 50 ? 5000.0 / std::max(quality, 1u) : 200.0 - 2.0 * quality;
}

// More than MinPayload() of codecs/image/jpeg_fit.h: one colour takes no more.
double LeastPayload(PictureSize size) {
  const double mcus = std::ceil(size.width / 16.0) * std::ceil(size.height / 16.0);
  return 1.15 * (300 + mcus * 1.5 + 1);
}

PictureSize Scaled(PictureSize size, double factor) {
  const auto side = [&](uint32_t from) {
    return static_cast<uint32_t>(std::clamp(std::round(from * factor), 1.0, 65500.0));
  };
  return {side(size.width), side(size.height)};
}

double FactorFor(PictureSize part, const ReaderProfile& profile) {
  using Fit = ReaderProfile::Fit;
  const bool by_width = profile.width > 0 && profile.fit != Fit::kHeight;
  const bool by_height = profile.height > 0 && profile.fit != Fit::kWidth;
  double factor = by_width || by_height ? 1e9 : 1;
  if (by_width) factor = std::min(factor, static_cast<double>(profile.width) / part.width);
  if (by_height) factor = std::min(factor, static_cast<double>(profile.height) / part.height);
  return profile.enlarge ? factor : std::min(factor, 1.0);
}

// Appends a number's bytes, little end first.
void Put(std::string& bytes, uint64_t value) {
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

std::string FactsOf(const ReaderProfile& profile) {
  std::string facts;
  for (const uint64_t fact :
       {uint64_t{profile.width}, uint64_t{profile.height}, static_cast<uint64_t>(profile.fit),
        uint64_t{profile.enlarge}, uint64_t{profile.gray}, uint64_t{profile.levels},
        uint64_t{profile.crop}, static_cast<uint64_t>(profile.split), uint64_t{profile.quality},
        uint64_t{profile.enhance.on}, std::bit_cast<uint64_t>(profile.enhance.curve),
        std::bit_cast<uint64_t>(profile.enhance.gamma),
        uint64_t{std::bit_cast<uint32_t>(profile.enhance.brightness)},
        uint64_t{std::bit_cast<uint32_t>(profile.enhance.contrast)},
        std::bit_cast<uint64_t>(profile.enhance.cutoff)}) {
    Put(facts, fact);
  }
  // Came later: whatever was remembered of JPEG pages is still right.
  if (profile.format != PageFormat::kJpeg) Put(facts, static_cast<uint64_t>(profile.format));
  return facts;
}

absl::InlinedVector<PagePart, 2> PartsOf(PictureSize page, const ReaderProfile& profile) {
  using Split = ReaderProfile::Split;
  if (profile.split == Split::kNo || page.width <= page.height || page.width < 2) {
    return {PagePart::kWhole};
  }
  if (profile.split == Split::kLeftFirst) return {PagePart::kLeft, PagePart::kRight};
  return {PagePart::kRight, PagePart::kLeft};
}

PartColumns ColumnsOf(PagePart part, uint32_t width) {
  const uint32_t half = std::max(width / 2, 1u);
  switch (part) {
    case PagePart::kWhole:
      break;
    case PagePart::kLeft:
      return {0, half};
    case PagePart::kRight:
      return {std::min(half, width - 1), std::max(width - half, 1u)};
  }
  return {0, width};
}

PictureSize CanvasFor(PictureSize page, PagePart part, const ReaderProfile& profile) {
  const PictureSize shown = {ColumnsOf(part, page.width).width, page.height};
  PictureSize canvas = Scaled(shown, FactorFor(shown, profile));
  if (profile.fit == ReaderProfile::Fit::kExact) {
    if (profile.width > 0) canvas.width = profile.width;
    if (profile.height > 0) canvas.height = profile.height;
  }
  const double pixels = static_cast<double>(canvas.width) * canvas.height;
  const uint32_t longest = std::max(canvas.width, canvas.height);
  const bool too_long = profile.format == PageFormat::kWebp && longest > kMaxWebpSide;
  if (pixels <= static_cast<double>(kMostCanvasPixels) && !too_long) return canvas;
  double factor = std::min(1.0, Root(static_cast<double>(kMostCanvasPixels) / pixels));
  if (too_long) factor = std::min(factor, static_cast<double>(kMaxWebpSide) / longest);
  const auto side = [&](uint32_t from) {
    return static_cast<uint32_t>(std::max(std::trunc(from * factor), 1.0));
  };
  return {side(canvas.width), side(canvas.height)};
}

PictureSize ContentOn(PictureSize canvas, PictureSize content, const ReaderProfile& profile) {
  double factor = std::min(static_cast<double>(canvas.width) / content.width,
                           static_cast<double>(canvas.height) / content.height);
  // A canvas that follows from the page is filled again; one of the screen's size is no reason to
  // enlarge anything.
  if (profile.fit == ReaderProfile::Fit::kExact && !profile.enlarge) factor = std::min(factor, 1.0);
  const PictureSize size = Scaled(content, factor);
  return {std::min(size.width, canvas.width), std::min(size.height, canvas.height)};
}

// A smaller picture has more on each of its pixels: the eighth root of the pixels that it had for
// each. Square roots are exact on every host.
uint32_t ReaderPayload(const Page& row, PagePart part, PictureSize canvas,
                       const ReaderProfile& profile, uint32_t quality) {
  const double pixels = static_cast<double>(canvas.width) * canvas.height;
  const double had = std::max(1.0, static_cast<double>(row.width) * row.height);
  const double of_part = static_cast<double>(ColumnsOf(part, row.width).width) * row.height;
  // On a canvas of the screen's size the page may take less than all.
  const PictureSize most =
      ContentOn(canvas, {ColumnsOf(part, row.width).width, row.height}, profile);
  const double shown = profile.crop ? pixels : static_cast<double>(most.width) * most.height;
  const double denser = Root(Root(Root(std::max(of_part / std::max(shown, 1.0), 1e-6))));
  const double finer =
      Root(std::max(ScaleOf(quality), 2.0) / std::max(ScaleOf(profile.quality), 2.0));
  double bytes = static_cast<double>(row.enhanced_bytes) / had * shown * denser * finer * kMargin;
  if (profile.is_gray() && !row.gray) bytes *= kGrayShare;
  if (profile.crop) bytes *= kCropped;
  if (profile.format == PageFormat::kWebp && profile.levels > 0) {
    bytes = LosslessPayload(shown, profile.levels);
  } else if (profile.format == PageFormat::kWebp) {
    bytes *= WebpShare(profile.quality);
  } else if (profile.levels > 0) {
    const double full = std::clamp(static_cast<double>(row.enhanced_bytes) / had / kFullDensity,
                                   std::min(kCoarseLevels / profile.levels, 1.0), 1.0);
    bytes += kDitherBytesPerPixel * full * shown * 16 / profile.levels;
  }
  const double least = LeastPayload(canvas);
  bytes = std::clamp(bytes, least, least + kMostBytesPerPixel * pixels);
  return static_cast<uint32_t>(std::ceil(bytes / 64) * 64);
}

}  // namespace cbzfs
