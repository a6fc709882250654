// An image file as rows: upright, 8-bit gray or RGB.
//
// EXIF orientation is applied, transparency is laid on white, palettes, CMYK, YCCK, 1-bit and
// 16-bit samples are converted; the first frame of an animation is taken. Colour profiles are not
// applied. Gray stays gray (one component); a palette of grays or RGB with equal components stays
// RGB. The arithmetic is Pillow's, so pages look as they do there: pixel_math.h has the formulas;
// samples of 16 bits keep their high byte.
//
// Pixels of JPEG, PNG, GIF, WebP, BMP, TIFF and JPEG 2000 equal Pillow's on the same libraries, to
// the bit; of AVIF avifdec's, of JPEG XL djxl's (lossy: within 1). JPEG, PNG, GIF, BMP and TIFF are
// decoded row by row; interlaced PNG and GIF, runs in BMP, TIFF in YCbCr or planes, WebP, AVIF,
// JPEG XL, and whatever has to be turned (not merely mirrored), are held as a whole. JPEG 2000 is
// held by OpenJPEG.
//
// dav1d (for AVIF) and libjxl may print to stderr; the others are silent.
//
// Only the worker calls this: decoders run on hostile bytes.
//
// One thread.

#ifndef CBZFS_CODECS_DECODE_IMAGE_DECODE_H_
#define CBZFS_CODECS_DECODE_IMAGE_DECODE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

// What is wanted at least: where a decoder can scale (JPEG to 1/2, 1/4 and 1/8, JPEG 2000 by
// resolution levels, WebP to any size), it gives the smallest size at which both upright sides are
// at least these. 0, 0: full size.
struct DecodeSize {
  uint32_t least_width = 0;
  uint32_t least_height = 0;
};

// `file` is the whole file and must outlive the result. Rows are decoded as they are asked for
// where format and orientation allow it; others are decoded at the first Rewind() and held.
//
// An image that a full decode would hold in memory and that has over kMaxPagePixels (document.h) is
// decoded at the largest smaller size within them, even below `size`, where its format has one, and
// else refused with kResourceExhausted. A JPEG in several scans is refused when its coefficients
// pass six bytes for each of those pixels, at any size: libjpeg holds them all.
//
// Statuses as of ReadImageInfo; kDataLoss when not even one row can be decoded (here, or from
// Rewind()); kResourceExhausted when memory ends. Rows that cannot be decoded are white, but of a
// JPEG or JPEG 2000 they are what the library makes of them.
absl::StatusOr<std::unique_ptr<PixelRows>> DecodeImage(absl::Span<const uint8_t> file,
                                                       const DecodeSize& size = {});

// The colour profile as APP2 segments (ICC.1:2010 B.4), ready to stand in a JPEG: of JPEG, PNG,
// WebP and TIFF files that have one for their number of components; else empty. At most
// ImageInfo::icc_bytes long.
std::string IccSegments(absl::Span<const uint8_t> file);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_IMAGE_DECODE_H_
