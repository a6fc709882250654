// An image file as rows: upright, 8-bit gray or RGB.
//
// EXIF orientation is applied, transparency is laid on white, palettes, CMYK, YCCK, 1-bit and
// 16-bit samples are converted; the first frame of an animation is taken. Colour profiles are not
// applied. Gray stays gray (one component); a palette of grays or RGB with equal components stays
// RGB.
//
// Only the worker calls this: decoders run on hostile bytes.
//
// One thread.

#ifndef CBZFS_CODECS_IMAGE_IMAGE_DECODE_H_
#define CBZFS_CODECS_IMAGE_IMAGE_DECODE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

// What is wanted at least: where a decoder can scale (JPEG by halves, JPEG 2000 by resolution
// levels), it gives the smallest size at which both upright sides are at least these. 0, 0: full
// size.
struct DecodeSize {
  uint32_t least_width = 0;
  uint32_t least_height = 0;
};

// `file` is the whole file and must outlive the result. Rows are decoded as they are asked for
// where format and orientation allow it; others are decoded at the first Rewind() and held.
// An image that a full decode would hold in memory and that has over kMaxPagePixels (document.h) is
// refused with kResourceExhausted where its format gives no smaller size.
// Statuses as of ReadImageInfo; kDataLoss when not even one row can be decoded (here, or from
// Rewind()); kResourceExhausted when memory ends.
absl::StatusOr<std::unique_ptr<PixelRows>> DecodeImage(absl::Span<const uint8_t> file,
                                                       const DecodeSize& size = {});

// The colour profile as APP2 segments (ICC.1:2010 B.4), ready to stand in a JPEG: of JPEG, PNG,
// WebP and TIFF files that have one for their number of components; else empty. At most
// ImageInfo::icc_bytes long.
std::string IccSegments(absl::Span<const uint8_t> file);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_IMAGE_DECODE_H_
