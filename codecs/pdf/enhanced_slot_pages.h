// How long the slot of a drawn page is in the enhanced view: from its slot in the plain one.
//
// An enhanced page is made from the plain page's JPEG, which was fitted into its slot, so the plain
// slot already says most. What is left is how enhancing changes the bytes that a page needs, which
// the small drawings of the sample (slot_model.h) show. The figures behind the constants are in
// tests/bench/calibrate/METHOD.md.
//
// A pure function of counts and sizes: every host finds the same slots. Any thread.

#ifndef CBZFS_CODECS_PDF_ENHANCED_SLOT_PAGES_H_
#define CBZFS_CODECS_PDF_ENHANCED_SLOT_PAGES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace cbzfs {

// A page that is drawn.
struct DrawnSlot {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t plain_bytes = 0;  // Page::payload_bytes
  // By how much its small drawing grew in bytes when it was enhanced, as a log rounded to 1/256;
  // nothing where it was not drawn small.
  std::optional<float> growth;
};

// In logs, but for factors.
struct DrawnSlotConstants {
  float sampled_margin = 0.08f;
  float unsampled_margin = 0.16f;
  float unseen_margin = 0.16f;  // where no page was drawn small
  float spread_factor = 0;      // times how far apart the growths are
  float most_growth = 0.7f;
  float most_shrinking = 0.5f;
};

// Page::enhanced_bytes of each, never under MinPayload().
std::vector<uint32_t> ChooseEnhancedPageSlots(absl::Span<const DrawnSlot> pages,
                                              const DrawnSlotConstants& constants = {});

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_ENHANCED_SLOT_PAGES_H_
