// How long the slot of an enhanced image should be: from its size in pixels and bytes, its format
// and its quantiser, corrected by a sample of the comic's images that were looked at.
//
// Two steps, both pure functions of counts and sizes (never of the clock), so that every host finds
// the same slots: ChooseEnhancedSample() picks the images worth a decode, spread over the comic and
// within a budget of pixels; the caller measures them (size_sample.h); ChooseEnhancedSlots() takes
// the measured ones at their word and corrects the others by what the measured ones showed. The
// figures behind the constants are in tests/bench/calibrate/METHOD.md.
//
// Logarithms are rounded to 1/256 before anything is decided by them, so that the last bit of a
// libm does not matter. Any thread.

#ifndef CBZFS_CODECS_PICTURE_ENHANCED_SLOT_H_
#define CBZFS_CODECS_PICTURE_ENHANCED_SLOT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "codecs/decode/image_info.h"

namespace cbzfs {

// An image that needs a slot.
struct SlotImage {
  uint32_t width = 0;  // as it will be enhanced: within the limits of a page
  uint32_t height = 0;
  uint64_t file_bytes = 0;  // of the coded image
  uint64_t file_pixels = 0;
  ImageFormat format = ImageFormat::kUnknown;
  uint32_t quantiser = 0;  // as in ImageInfo
  uint32_t icc_bytes = 0;
};

// Indexes in rising order: at least one image, unless there is none.
std::vector<size_t> ChooseEnhancedSample(absl::Span<const SlotImage> images);

// Page::enhanced_bytes of each. `measured[i]` is what EstimateEnhancedPayload() said of image i at
// `quality`; nothing where it was not sampled.
std::vector<uint32_t> ChooseEnhancedSlots(absl::Span<const SlotImage> images,
                                          absl::Span<const std::optional<double>> measured,
                                          uint32_t quality);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PICTURE_ENHANCED_SLOT_H_
