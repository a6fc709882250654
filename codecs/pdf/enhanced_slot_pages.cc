#include "codecs/pdf/enhanced_slot_pages.h"

#include <algorithm>
#include <cmath>

#include "codecs/image/jpeg_fit.h"

namespace cbzfs {
namespace {

float Rounded(float log) { return std::round(log * 256) / 256; }

constexpr double kMostFactor = 3;

// Log of the plain slot's bytes a pixel over those of the small drawing.
float Detail(const DrawnSlot& page) {
  const float pixels = static_cast<float>(page.width) * static_cast<float>(page.height);
  const float bytes = static_cast<float>(std::max(page.plain_bytes, 1u));
  return Rounded(std::log(bytes / std::max(pixels, 1.0f)) - page.small->bytes);
}

// What the pages that were drawn small show in the mean.
struct Shown {
  float count = 0;
  float growth = 0;
  float detail = 0;
};

Shown MeanOf(absl::Span<const DrawnSlot> pages) {
  Shown mean;
  for (const DrawnSlot& page : pages) {
    if (!page.small.has_value()) continue;
    mean.count += 1;
    mean.growth += page.small->growth;
    mean.detail += Detail(page);
  }
  if (mean.count == 0) return mean;
  return {mean.count, mean.growth / mean.count, mean.detail / mean.count};
}

}  // namespace

std::vector<uint32_t> ChooseEnhancedPageSlots(absl::Span<const DrawnSlot> pages,
                                              const DrawnSlotConstants& constants) {
  const Shown mean = MeanOf(pages);
  std::vector<uint32_t> slots;
  slots.reserve(pages.size());
  for (const DrawnSlot& page : pages) {
    float log = constants.unseen_margin;
    if (mean.count > 0) {
      const bool sampled = page.small.has_value();
      const float growth = sampled ? page.small->growth : mean.growth;
      const float detail = sampled ? Detail(page) : mean.detail;
      log = constants.growth_share * growth +
            (sampled ? constants.sampled_margin : constants.unsampled_margin) +
            (detail > -constants.fine_detail ? constants.fine_margin : 0);
    }
    const double factor = std::clamp(std::exp(double{Rounded(log)}), 1 / kMostFactor, kMostFactor);
    const double least = LeastSlot(page.width, page.height);
    const double bytes = std::max(least, factor * page.plain_bytes);
    slots.push_back(static_cast<uint32_t>(std::min(std::ceil(bytes / 64) * 64, 1.0e9)));
  }
  return slots;
}

}  // namespace cbzfs
