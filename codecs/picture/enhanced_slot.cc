#include "codecs/picture/enhanced_slot.h"

#include <algorithm>
#include <cmath>

#include "codecs/image/jpeg_fit.h"

namespace cbzfs {
namespace {

// Pixels that are decoded for the sample: some 100 ms.
constexpr double kSamplePixels = 14e6;
constexpr size_t kMostSampled = 12;

// Log of size over log of the quantiser, negative: what a coarser JPEG loses.
constexpr double kJpegSlope = 0.45;
// What enhancing adds to a JPEG's bytes a pixel, in logs.
constexpr double kJpegOffset = 0.10;
// JPEG bytes a pixel from those of an image that was coded without loss, in logs.
constexpr double kLosslessSlope = 0.55;
constexpr double kLosslessOffset = -1.25;
// From those of another lossy one: WebP, JPEG 2000, AVIF, JPEG XL.
constexpr double kLossySlope = 0.75;
constexpr double kLossyOffset = 0.10;

// The measured images count against this much doubt when they correct the others.
constexpr double kDoubt = 0.3;
constexpr double kSampledMargin = 0.10;
constexpr double kUnsampledMargin = 0.28;
// A share of how far apart the measured ones were.
constexpr double kSpreadFactor = 1.0;
constexpr double kMostMargin = 1.2;
// A slot holds more than the flat page that must fit, so that some detail always does.
constexpr double kOverMinimum = 1.15;

double Rounded(double log) { return std::round(log * 256) / 256; }

// libjpeg's percentage by which its standard tables are scaled.
double QuantiserScale(uint32_t quality) {
  return quality < 50 ? 5000.0 / quality : std::max(200.0 - 2.0 * quality, 1.0);
}

bool IsLossless(ImageFormat format) {
  return format == ImageFormat::kPng || format == ImageFormat::kGif ||
         format == ImageFormat::kBmp || format == ImageFormat::kTiff;
}

// Log of bytes a pixel, before any image of the comic was looked at.
double Prior(const SlotImage& image, uint32_t quality) {
  const double dense =
      std::log(static_cast<double>(std::max<uint64_t>(image.file_bytes, 1)) /
               static_cast<double>(std::max<uint64_t>(image.file_pixels, 1)));
  const double wanted = std::log(QuantiserScale(quality) * 10);
  if (image.format == ImageFormat::kJpeg && image.quantiser > 0) {
    const double had = std::log(static_cast<double>(image.quantiser));
    return dense + kJpegOffset - kJpegSlope * (wanted - had);
  }
  const double from_85 = kJpegSlope * (std::log(300.0) - wanted);
  if (IsLossless(image.format)) return kLosslessOffset + kLosslessSlope * dense + from_85;
  return kLossyOffset + kLossySlope * dense + from_85;
}

uint32_t SlotFor(const SlotImage& image, double log_bytes_per_pixel) {
  const double pixels = static_cast<double>(image.width) * image.height;
  const double least = kOverMinimum * static_cast<double>(MinPayload(image.width, image.height));
  // Noise at quality 95 has some 1.5 bytes a pixel.
  const double most = least + 2 * pixels;
  const double bytes = std::clamp(std::exp(Rounded(log_bytes_per_pixel)) * pixels, least, most);
  return static_cast<uint32_t>(std::ceil(bytes / 64) * 64) + image.icc_bytes;
}

double LogBytesPerPixel(const SlotImage& image, double bytes) {
  return std::log(std::max(bytes, 1.0) / (static_cast<double>(image.width) * image.height));
}

}  // namespace

std::vector<size_t> ChooseEnhancedSample(absl::Span<const SlotImage> images) {
  if (images.empty()) return {};
  double pixels = 0;
  for (const SlotImage& image : images) pixels += static_cast<double>(image.file_pixels);
  const double mean = std::max(pixels / static_cast<double>(images.size()), 1.0);
  const double affordable = std::floor(kSamplePixels / mean);
  const size_t wanted = static_cast<size_t>(std::clamp(affordable, 1.0, 1.0 * kMostSampled));
  const size_t count = std::min(wanted, images.size());
  std::vector<size_t> sample;
  double budget = kSamplePixels;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = (2 * i + 1) * images.size() / (2 * count);
    budget -= static_cast<double>(images[at].file_pixels);
    if (!sample.empty() && budget < 0) break;
    sample.push_back(at);
  }
  return sample;
}

std::vector<uint32_t> ChooseEnhancedSlots(absl::Span<const SlotImage> images,
                                          absl::Span<const std::optional<double>> measured,
                                          uint32_t quality) {
  std::vector<double> priors(images.size());
  double weight = kDoubt;
  double sum = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    priors[i] = Rounded(Prior(images[i], quality));
    if (i >= measured.size() || !measured[i].has_value()) continue;
    weight += 1;
    sum += Rounded(LogBytesPerPixel(images[i], *measured[i])) - priors[i];
  }
  const double correction = sum / weight;
  double spread = kDoubt * kUnsampledMargin;
  for (size_t i = 0; i < images.size() && i < measured.size(); ++i) {
    if (!measured[i].has_value()) continue;
    const double off = LogBytesPerPixel(images[i], *measured[i]) - priors[i] - correction;
    spread += std::fabs(Rounded(off));
  }
  spread /= weight;
  const double margin = std::min(kUnsampledMargin + kSpreadFactor * spread, kMostMargin);
  std::vector<uint32_t> slots(images.size());
  for (size_t i = 0; i < images.size(); ++i) {
    const bool sampled = i < measured.size() && measured[i].has_value();
    const double expected = sampled ? LogBytesPerPixel(images[i], *measured[i]) + kSampledMargin
                                    : priors[i] + correction + margin;
    slots[i] = SlotFor(images[i], expected);
  }
  return slots;
}

}  // namespace cbzfs
