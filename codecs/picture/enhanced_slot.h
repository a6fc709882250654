// How long the slot of an enhanced image should be: from its size in pixels and bytes, its format
// and its quantiser, corrected by a sample of the comic's images that were looked at.
//
// Two steps, both pure functions of counts and sizes (never of the clock), so that every host finds
// the same slots: ChooseEnhancedSample() picks the images worth a decode, spread over the comic and
// within a budget of estimated cost; the caller measures them (size_sample.h);
// ChooseEnhancedSlots() takes the measured ones at their word and corrects the others by what the
// measured ones like them showed. The figures behind the constants are in
// tests/bench/calibrate/METHOD.md.
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

// What decoding and measuring it is thought to cost, in milliseconds of a slow core.
double SampleCost(const SlotImage& image);

// Indexes in rising order, spread over the comic: as many as kSampleBudget pays for, but two, which
// tell how far apart images are, where kMostSampleCost allows that, and at least one. Images over
// kNeverSampled are passed over: nothing where all are.
inline constexpr size_t kMostSampledImages = 12;
inline constexpr double kSampleBudget = 100;
inline constexpr double kMostSampleCost = 160;
inline constexpr double kNeverSampled = 500;
std::vector<size_t> ChooseEnhancedSample(absl::Span<const SlotImage> images);

// How bytes a pixel of an enhanced page follow from those of the image, in logs, and what is added
// for doubt. Fitted by cbzfs-calibrate.
struct EnhancedSlotConstants {
  struct Prior {
    double offset = 0;
    double slope = 1;
  };
  Prior jpeg = {-0.09, 0.97};
  Prior lossless = {-1.38, 0.47};  // PNG, GIF, BMP, TIFF
  Prior lossy = {-0.5, 0.66};      // WebP, JPEG 2000, AVIF, JPEG XL
  // Log of size over log of the quantiser, negative: what a coarser JPEG loses.
  double quantiser = 0.38;
  // The measured images count against this much doubt when they correct the others, each by
  // exp(-likeness x difference of log bytes a pixel).
  double doubt = 0.05;
  double likeness = 2.5;
  double sampled_margin = 0.04;
  double unsampled_margin = 0.15;
  double spread_factor = 0.7;  // times how far apart the measured ones are
  double scarce_margin = 0.3;  // over one more than how many like the image were measured
  double unseen_margin = 1.2;  // where none is measured
};

// Page::enhanced_bytes of each, never under MinPayload() and the profile. `measured[i]` is what
// EstimateEnhancedPayload() said of image i at `quality`; nothing where it was not sampled.
std::vector<uint32_t> ChooseEnhancedSlots(absl::Span<const SlotImage> images,
                                          absl::Span<const std::optional<double>> measured,
                                          uint32_t quality,
                                          const EnhancedSlotConstants& constants = {});

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PICTURE_ENHANCED_SLOT_H_
