// How long a drawn page's slot should be: long enough that the page keeps the asked quality, short
// enough that little of it is padding or quality nobody asked for.
//
// Three steps, all pure functions of counts and sizes (never of the clock), so that every host
// finds the same slots:
//   1. Each page is described by numbers from its PageFacts (page_facts.h).
//   2. ChooseSample() picks the pages that are worth a small drawing, a quarter of the size each
//   way,
//      under a budget of estimated cost; the caller draws them and measures them with
//      MeasureSmall().
//   3. ChooseSlots() predicts log(bytes per pixel) of each page: of a sampled one from its small
//      drawing, of any other from its facts, corrected by what the sampled pages like it showed;
//      and adds a margin that grows with how little is known of the page.
// Steps 2 and 3 see no PDF and no pixel. The constants are boosted trees that cbzfs-calibrate
// (tests/bench/calibrate) writes from a folder of PDFs; its METHOD.md has the figures.
//
// Logarithms are rounded to 1/256 before anything is decided by them, so that the last bit of a
// libm does not matter. Any thread.

#ifndef CBZFS_CODECS_PDF_SLOT_MODEL_H_
#define CBZFS_CODECS_PDF_SLOT_MODEL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/image/raster.h"

namespace cbzfs {

struct PageFacts;

// Numbers that describe a page; most are logarithms of densities. The order is that of the
// constants: change it, and they must be written anew.
enum SlotFact : size_t {
  kFactScale,  // pixels a point
  kFactPoints,
  kFactContent,
  kFactOperators,
  kFactGlyphs,
  kFactGlyphSize,
  kFactGlyphArea,
  kFactFonts,
  kFactSegments,
  kFactStrokeArea,
  kFactStrokeLength,
  kFactFillLength,
  kFactFillArea,
  kFactShadeArea,
  kFactForms,
  kFactPatterns,
  kFactPhotoPixels,
  kFactPhotoBytes,
  kFactPhotoArea,
  kFactBilevelPixels,
  kFactBilevelBytes,
  kFactBilevelArea,
  kFactOtherPixels,
  kFactOtherBytes,
  kFactOtherArea,
  kFactImageDpi,  // of the largest image over the page's own
  kFactGray,
  kFactType3,
  kFactTransparent,
  kFactAnnotations,
  kSlotFacts,
};

// A page that needs a slot.
struct SlotPage {
  uint32_t width = 0;
  uint32_t height = 0;
  std::array<float, kSlotFacts> facts = {};
  // What drawing it small is thought to cost, in milliseconds of a slow core; over kNeverDrawn it
  // is never part of a sample.
  float cost = 0;
};
inline constexpr float kNeverDrawn = 60;

SlotPage DescribePage(uint32_t width, uint32_t height, float dpi, const PageFacts& facts);

// The size of a small drawing: a quarter each way, at least 8 pixels.
struct SmallSize {
  uint32_t width = 0;
  uint32_t height = 0;
};
SmallSize SmallSizeOf(uint32_t width, uint32_t height);

// What a small drawing shows.
struct SmallDrawing {
  float bytes = 0;         // as a JPEG of the asked quality, log a pixel
  float halved_bytes = 0;  // the same at half its size
  float gradient = 0;      // mean difference of neighbours in a row, log
  float flat = 0;          // share of 8 x 8 blocks that hold one level
  float busy = 0;          // share of those that hold strong edges
  float gray = 0;          // 1: no colour
};
absl::StatusOr<SmallDrawing> MeasureSmall(const RasterView& raster, uint32_t quality);

// Which pages to draw small, in rising order: at most kMostSampled, of which the summed cost stays
// under SampleBudget(pages) (but for one page, when that alone is over it).
inline constexpr size_t kMostSampled = 32;
float SampleBudget(size_t pages);
std::vector<uint32_t> ChooseSample(absl::Span<const SlotPage> pages);

struct SlotConstants;  // slot_model_trees.h
const SlotConstants& BuiltInSlotConstants();

// Page::payload_bytes of each page, never under MinPayload(). `small[i]` is what was measured of
// page i at `quality`; nothing where it was not sampled or could not be drawn.
std::vector<uint32_t> ChooseSlots(absl::Span<const SlotPage> pages,
                                  absl::Span<const std::optional<SmallDrawing>> small,
                                  uint32_t quality,
                                  const SlotConstants& constants = BuiltInSlotConstants());

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_SLOT_MODEL_H_
