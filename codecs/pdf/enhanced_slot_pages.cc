#include "codecs/pdf/enhanced_slot_pages.h"

#include <algorithm>
#include <cmath>

#include "codecs/image/jpeg_fit.h"

namespace cbzfs {
namespace {

// A slot holds more than the flat page that must fit, so that some detail always does.
constexpr double kOverMinimum = 1.15;

float Rounded(float log) { return std::round(log * 256) / 256; }

}  // namespace

std::vector<uint32_t> ChooseEnhancedPageSlots(absl::Span<const DrawnSlot> pages,
                                              const DrawnSlotConstants& constants) {
  float sum = 0;
  float count = 0;
  for (const DrawnSlot& page : pages) {
    if (!page.growth.has_value()) continue;
    sum += *page.growth;
    count += 1;
  }
  const float mean = count > 0 ? sum / count : 0;
  float spread = 0;
  for (const DrawnSlot& page : pages) {
    if (page.growth.has_value()) spread += std::fabs(*page.growth - mean) / count;
  }
  const float unsampled =
      count > 0 ? mean + constants.unsampled_margin + constants.spread_factor * spread
                : constants.unseen_margin;
  std::vector<uint32_t> slots;
  slots.reserve(pages.size());
  for (const DrawnSlot& page : pages) {
    const float growth =
        page.growth.has_value() ? *page.growth + constants.sampled_margin : unsampled;
    const double factor =
        std::exp(Rounded(std::clamp(growth, -constants.most_shrinking, constants.most_growth)));
    const double least =
        kOverMinimum * static_cast<double>(MinPayload(page.width, page.height));
    const double bytes = std::max(least, factor * page.plain_bytes);
    slots.push_back(static_cast<uint32_t>(std::min(std::ceil(bytes / 64) * 64, 1.0e9)));
  }
  return slots;
}

}  // namespace cbzfs
