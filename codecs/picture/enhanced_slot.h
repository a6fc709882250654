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

// Indexes in rising order: the first image that is not too dear ever to be sampled (kNeverSampled),
// and others spread over the comic, as far as kSampleBudget goes. Nothing where all are too dear.
inline constexpr size_t kMostSampledImages = 12;
inline constexpr double kSampleBudget = 100;
inline constexpr double kNeverSampled = 500;
std::vector<size_t> ChooseEnhancedSample(absl::Span<const SlotImage> images);

// How bytes a pixel of an enhanced page follow from those of the image, in logs, and what is added
// for doubt. Fitted by cbzfs-calibrate.
struct EnhancedSlotConstants {
  struct Prior {
    double offset = 0;
    double slope = 1;
  };
  Prior jpeg = {0.0, 0.9};
  Prior lossless = {-1.25, 0.35};  // PNG, GIF, BMP, TIFF
  Prior lossy = {0.0, 0.75};       // WebP, JPEG 2000, AVIF, JPEG XL
  // Log of size over log of the quantiser, negative: what a coarser JPEG loses.
  double quantiser = 0.4;
  // The measured images count against this much doubt when they correct the others, each by
  // exp(-likeness x difference of log bytes a pixel).
  double doubt = 0.3;
  double likeness = 1;
  double sampled_margin = 0.1;
  double unsampled_margin = 0.15;
  // Times how far apart the measured ones are, which is taken for `spread` before any is known.
  double spread_factor = 1;
  double spread = 0.2;
  double unseen_margin = 0.6;  // where none is measured
};

// Page::enhanced_bytes of each, never under MinPayload() and the profile. `measured[i]` is what
// EstimateEnhancedPayload() said of image i at `quality`; nothing where it was not sampled.
std::vector<uint32_t> ChooseEnhancedSlots(absl::Span<const SlotImage> images,
                                          absl::Span<const std::optional<double>> measured,
                                          uint32_t quality,
                                          const EnhancedSlotConstants& constants = {});

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PICTURE_ENHANCED_SLOT_H_
