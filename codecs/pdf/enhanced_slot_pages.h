// How long the slot of a drawn page is in the enhanced view: from its slot in the plain one.
//
// An enhanced page is made from the plain page's JPEG, which was fitted into its slot, so the plain
// slot already says most. What is left is how enhancing changes the bytes that a page needs. The
// small drawings of the sample (slot_model.h) show a part of that; but a quarter of the size hides
// what enhancing does to fine screens and lines, which the JPEG has frayed. Pages that have them
// give themselves away: a pixel of the small drawing holds no more than one of the page.
// The figures behind the constants are in tests/bench/calibrate/METHOD.md.
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
  // What its small drawing showed; nothing where it was not drawn small.
  struct Small {
    float bytes = 0;   // SmallDrawing::bytes
    float growth = 0;  // by how much that grew when it was enhanced
  };
  std::optional<Small> small;
};

// In logs, but for the share.
struct DrawnSlotConstants {
  float growth_share = 0.2f;  // of the growth of the small drawing
  float sampled_margin = 0.06f;
  float unsampled_margin = 0.035f;
  // For pages of which the log of bytes a pixel is at most this much less than that of their small
  // drawing, there is more to doubt.
  float fine_detail = 0.3f;
  float fine_margin = 0.29f;
  float unseen_margin = 0.3f;  // where no page was drawn small
};

// Page::enhanced_bytes of each, never under MinPayload().
std::vector<uint32_t> ChooseEnhancedPageSlots(absl::Span<const DrawnSlot> pages,
                                              const DrawnSlotConstants& constants = {});

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_ENHANCED_SLOT_PAGES_H_
