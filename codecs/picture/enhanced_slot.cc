#include "codecs/picture/enhanced_slot.h"

#include <algorithm>
#include <cmath>

#include "codecs/image/jpeg_fit.h"

namespace cbzfs {
namespace {

constexpr double kMostMargin = 1.2;
// Noise at quality 95 has some 1.5 bytes a pixel.
constexpr double kMostBytesPerPixel = 2;

double Rounded(double log) { return std::round(log * 256) / 256; }

bool IsLossless(ImageFormat format) {
  return format == ImageFormat::kPng || format == ImageFormat::kGif ||
         format == ImageFormat::kBmp || format == ImageFormat::kTiff;
}

double LogRatio(double part, double whole) {
  return Rounded(std::log(std::clamp(part, 1.0, 1e18) / std::clamp(whole, 1.0, 1e18)));
}

// Of the image as it is coded.
double LogDensity(const SlotImage& image) {
  return LogRatio(static_cast<double>(image.file_bytes), static_cast<double>(image.file_pixels));
}

double LogBytesPerPixel(const SlotImage& image, double bytes) {
  return LogRatio(bytes, static_cast<double>(image.width) * image.height);
}

// Log of bytes a pixel, before any image of the comic was looked at.
double PriorOf(const SlotImage& image, uint32_t quality, const EnhancedSlotConstants& constants) {
  const bool known = image.format == ImageFormat::kJpeg && image.quantiser > 0;
  const EnhancedSlotConstants::Prior& prior = known                      ? constants.jpeg
                                              : IsLossless(image.format) ? constants.lossless
                                                                         : constants.lossy;
  const double had = known ? image.quantiser : 300;  // quality 85
  const double coarser = std::log(std::max(QuantiserScale(quality), 1.0) * 10 / had);
  return Rounded(prior.offset + prior.slope * LogDensity(image) - constants.quantiser * coarser);
}

// What was measured of an image.
struct Sample {
  double density = 0;
  double off = 0;  // from its prior
};

// Expected log of bytes a pixel over the prior, and the margin.
struct Correction {
  double shift = 0;
  double margin = 0;
};

Correction Correct(const std::vector<Sample>& samples, double density,
                   const EnhancedSlotConstants& constants) {
  if (samples.empty()) return {0, constants.unseen_margin};
  double weight = constants.doubt;
  double sum = 0;
  for (const Sample& sample : samples) {
    const double w = std::exp(-constants.likeness * std::fabs(sample.density - density));
    weight += w;
    sum += w * sample.off;
  }
  const double shift = sum / weight;
  const double known = weight - constants.doubt;
  double apart = 0;
  for (const Sample& sample : samples) {
    const double w = std::exp(-constants.likeness * std::fabs(sample.density - density));
    apart += w * std::fabs(sample.off - shift);
  }
  const double margin = constants.unsampled_margin + constants.spread_factor * apart / weight +
                        constants.scarce_margin / (1 + known);
  return {shift, std::min(margin, kMostMargin)};
}

uint32_t SlotFor(const SlotImage& image, double log_bytes_per_pixel) {
  const double pixels = static_cast<double>(image.width) * image.height;
  const double least = LeastSlot(image.width, image.height);
  const double most = least + kMostBytesPerPixel * pixels;
  const double bytes = std::clamp(std::exp(Rounded(log_bytes_per_pixel)) * pixels, least, most);
  const double whole = std::ceil(bytes / 64) * 64 + image.icc_bytes;
  return static_cast<uint32_t>(std::min(whole, 4e9));
}

// Milliseconds of a slow core for a decode and an estimate, measured (METHOD.md).
struct FormatCost {
  double megapixel = 0;
  double megabyte = 0;
};

FormatCost CostOf(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return {1, 25};
    case ImageFormat::kPng:
      return {8, 11};
    case ImageFormat::kGif:
      return {11, 0};
    case ImageFormat::kWebp:
      return {5, 55};
    case ImageFormat::kBmp:
      return {5, 0};
    case ImageFormat::kTiff:
      return {6, 5};
    case ImageFormat::kJpeg2000:
      return {31, 165};
    case ImageFormat::kAvif:
      return {8, 57};
    case ImageFormat::kJxl:
      return {35, 47};
    case ImageFormat::kUnknown:
      break;
  }
  return {35, 165};
}

}  // namespace

double SampleCost(const SlotImage& image) {
  const FormatCost cost = CostOf(image.format);
  return cost.megapixel * static_cast<double>(image.file_pixels) / 1e6 +
         cost.megabyte * static_cast<double>(image.file_bytes) / 1e6;
}

std::vector<size_t> ChooseEnhancedSample(absl::Span<const SlotImage> images) {
  std::vector<size_t> able;
  double cost = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    const double of_this = SampleCost(images[i]);
    if (of_this > kNeverSampled) continue;
    able.push_back(i);
    cost += of_this;
  }
  if (able.empty()) return {};
  const double mean = std::max(cost / static_cast<double>(able.size()), 0.01);
  const double affordable =
      std::clamp(std::floor(kSampleBudget / mean), 2.0, static_cast<double>(kMostSampledImages));
  const size_t count = std::min(static_cast<size_t>(affordable), able.size());
  std::vector<size_t> sample;
  double used = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = able[(2 * i + 1) * able.size() / (2 * count)];
    used += SampleCost(images[at]);
    if (!sample.empty() && used > kMostSampleCost) break;
    sample.push_back(at);
  }
  return sample;
}

std::vector<uint32_t> ChooseEnhancedSlots(absl::Span<const SlotImage> images,
                                          absl::Span<const std::optional<double>> measured,
                                          uint32_t quality,
                                          const EnhancedSlotConstants& constants) {
  std::vector<double> priors(images.size());
  std::vector<Sample> samples;
  for (size_t i = 0; i < images.size(); ++i) {
    priors[i] = PriorOf(images[i], quality, constants);
    if (i >= measured.size() || !measured[i].has_value()) continue;
    samples.push_back(
        {LogDensity(images[i]), LogBytesPerPixel(images[i], *measured[i]) - priors[i]});
  }
  std::vector<uint32_t> slots(images.size());
  for (size_t i = 0; i < images.size(); ++i) {
    double expected = 0;
    if (i < measured.size() && measured[i].has_value()) {
      expected = LogBytesPerPixel(images[i], *measured[i]) + constants.sampled_margin;
    } else {
      const Correction correction = Correct(samples, LogDensity(images[i]), constants);
      expected = priors[i] + correction.shift + correction.margin;
    }
    slots[i] = SlotFor(images[i], expected);
  }
  return slots;
}

}  // namespace cbzfs
