#include "codecs/pdf/slot_model.h"

#include <algorithm>
#include <cmath>

#include "codecs/image/jpeg_fit.h"
#include "codecs/pdf/slot_model_trees.h"

namespace cbzfs {
namespace {

// Sampled pages count against this much doubt when they correct a page.
constexpr float kDoubt = 0.3f;
// Log of the part of the page that images of a kind must cover to be described.
constexpr float kSomeArea = -4;
// However sure the model is, and however unsure.
constexpr float kLeastMargin = 0.06f;
constexpr float kMostMargin = 1.5f;

struct Neighbourhood {
  float weight = 0;      // summed likeness of the sampled pages
  float nearest = 0;     // the greatest
  float correction = 0;  // of the facts' prediction, in logs
  float spread = 0;      // mean distance of the samples' corrections from it
};

struct Sample {
  const SlotPage* page;
  float correction;
};

Neighbourhood Look(const SlotPage& page, const std::vector<Sample>& samples) {
  Neighbourhood found;
  float sum = 0;
  for (const Sample& sample : samples) {
    const float like = Likeness(page, *sample.page);
    found.weight += like;
    found.nearest = std::max(found.nearest, like);
    sum += like * sample.correction;
  }
  found.correction = sum / (kDoubt + found.weight);
  for (const Sample& sample : samples) {
    found.spread += Likeness(page, *sample.page) * std::fabs(sample.correction - found.correction);
  }
  found.spread /= kDoubt + found.weight;
  return found;
}

float MarginOf(const SlotEstimate& estimate, const SlotConstants& constants) {
  const float doubt = estimate.sampled ? constants.sampled_doubt(estimate.seen)
                                       : constants.unseen_doubt(estimate.unseen);
  const float factor = estimate.sampled ? constants.sampled_factor : constants.unseen_factor;
  return std::clamp(factor * std::exp(doubt), kLeastMargin, kMostMargin);
}

uint32_t SlotFor(const SlotPage& page, double log_bytes_per_pixel) {
  const double pixels = static_cast<double>(page.width) * page.height;
  const double least = LeastSlot(page.width, page.height);
  // Noise at quality 95 has some 1.5 bytes a pixel.
  const double most = least + 2 * pixels;
  const double rounded = std::round(log_bytes_per_pixel * 256) / 256;
  const double bytes = std::clamp(std::exp(rounded) * pixels, least, most);
  return static_cast<uint32_t>(std::min(std::ceil(bytes / 64) * 64, 4.0e9));
}

}  // namespace

float RoundedLog(double value) {
  if (!(value > 6.2e-6)) return -12;
  return static_cast<float>(std::round(std::log(value) * 256) / 256);
}

BaseFeatures BaseFeaturesOf(const SlotPage& page, uint32_t quality) {
  BaseFeatures features;
  features[0] = RoundedLog(std::max(QuantiserScale(quality), 1.0));
  float* next = std::copy(page.facts.begin(), page.facts.end(), features.begin() + 1);
  // Coded bytes a pixel of the image and of the page: what is dense in the file stays dense.
  for (const size_t kind : {kFactPhotoPixels, kFactBilevelPixels, kFactOtherPixels}) {
    const bool some = page.facts[kind + 2] > kSomeArea;
    const float bytes = page.facts[kind + 1] - 2 * page.facts[kFactScale];
    *next++ = some ? bytes - page.facts[kind] : -12;
    *next++ = some ? bytes : -12;
  }
  return features;
}

SmallFeatures SmallFeaturesOf(const BaseFeatures& base, const SmallDrawing& small, float prior) {
  SmallFeatures features;
  float* next = std::copy(base.begin(), base.end(), features.begin());
  *next++ = small.bytes;
  *next++ = small.bytes - small.halved_bytes;
  *next++ = small.gradient;
  *next++ = small.flat;
  *next++ = small.busy;
  *next++ = small.gray;
  *next++ = prior - small.bytes;
  const float* images = base.data() + 1 + kSlotFacts;
  *next++ = std::max(images[1], images[5]) - small.bytes;
  *next++ = images[3] - small.bytes;
  return features;
}

std::vector<SlotEstimate> EstimateSlots(absl::Span<const SlotPage> pages,
                                        absl::Span<const std::optional<SmallDrawing>> small,
                                        uint32_t quality, const SlotConstants& constants) {
  std::vector<SlotEstimate> estimates(pages.size());
  std::vector<BaseFeatures> base(pages.size());
  std::vector<Sample> samples;
  for (size_t i = 0; i < pages.size(); ++i) {
    SlotEstimate& estimate = estimates[i];
    base[i] = BaseFeaturesOf(pages[i], quality);
    const float prior = constants.facts(base[i]) - kQualitySlope * base[i][0];
    estimate.log_bytes_per_pixel = prior;
    if (i >= small.size() || !small[i].has_value()) continue;
    estimate.sampled = true;
    estimate.seen = SmallFeaturesOf(base[i], *small[i], prior);
    estimate.log_bytes_per_pixel = small[i]->bytes + constants.small(estimate.seen);
    samples.push_back({&pages[i], estimate.log_bytes_per_pixel - prior});
  }
  for (size_t i = 0; i < pages.size(); ++i) {
    SlotEstimate& estimate = estimates[i];
    if (estimate.sampled) continue;
    const Neighbourhood found = Look(pages[i], samples);
    float* next = std::copy(base[i].begin(), base[i].end(), estimate.unseen.begin());
    *next++ = found.weight;
    *next++ = found.nearest;
    *next++ = found.correction;
    *next++ = found.spread;
    *next++ = estimate.log_bytes_per_pixel;
    *next++ = static_cast<float>(samples.size());
    estimate.log_bytes_per_pixel += found.correction;
  }
  return estimates;
}

std::vector<uint32_t> ChooseSlots(absl::Span<const SlotPage> pages,
                                  absl::Span<const std::optional<SmallDrawing>> small,
                                  uint32_t quality, const SlotConstants& constants) {
  const std::vector<SlotEstimate> estimates = EstimateSlots(pages, small, quality, constants);
  std::vector<uint32_t> slots(pages.size());
  for (size_t i = 0; i < pages.size(); ++i) {
    const float margin = MarginOf(estimates[i], constants);
    slots[i] = SlotFor(pages[i], static_cast<double>(estimates[i].log_bytes_per_pixel) + margin);
  }
  return slots;
}

}  // namespace cbzfs
