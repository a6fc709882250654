// What an image file says of itself in its first 64 KiB: format, size, how it lies. Nothing is
// decoded; every read is bounded by the bytes given.
//
// JPEG (ITU-T T.81, EXIF 2.32), PNG (ISO 15948), GIF89a, WebP (RFC 9649), BMP, TIFF 6.0, JPEG 2000
// (ISO 15444-1: JP2 and bare codestreams), AVIF (HEIF boxes) and JPEG XL where they can be decoded.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DECODE_IMAGE_INFO_H_
#define CBZFS_CODECS_DECODE_IMAGE_INFO_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace cbzfs {

enum class ImageFormat : uint8_t {
  kUnknown,
  kJpeg,
  kPng,
  kGif,
  kWebp,
  kBmp,
  kTiff,
  kJpeg2000,
  kAvif,
  kJxl,
};

// So much of a file's beginning is looked at.
inline constexpr size_t kImageHeadBytes = 64 << 10;
// A coded image over this is not decoded.
inline constexpr uint64_t kMaxImageFileBytes = 100ull << 20;

struct ImageInfo {
  ImageFormat format = ImageFormat::kUnknown;
  uint32_t width = 0;  // upright: after orientation
  uint32_t height = 0;
  int orientation = 1;        // 1 to 8, as EXIF has it
  bool gray = false;          // decodes to one component
  uint64_t decode_bytes = 0;  // what a full decode holds beside one row, estimated
  uint32_t icc_bytes = 0;     // the colour profile as APP2 segments of a JPEG; 0: none
  // JPEG: the mean of its luma quantiser over that of libjpeg's quality 50 table, times 1000, so
  // 1000 is quality 50, 300 quality 85. 0: other formats.
  uint32_t quantiser = 0;
};

// By its first bytes; kUnknown for anything else, and for a format that this build cannot decode.
ImageFormat FormatOf(absl::Span<const uint8_t> head);

// `head` is the first min(kImageHeadBytes, file_bytes) bytes, or more, of a file of `file_bytes`.
// More of the file never changes the size or the orientation, but may tell them where the head does
// not: the directory of many TIFF files is at their end, and a JPEG may have over 64 KiB of profile
// and metadata before its size. An orientation that PNG and WebP give behind the first 64 KiB does
// not count.
// kInvalidArgument: no image, or a header that is broken or not within the head;
// kUnimplemented: an image of a kind that is not decoded (12-bit lossless JPEG, say);
// kOutOfRange: over kMaxImageFileBytes, or a side that no format here should have (over 2^20), or
// more than 2^31 pixels. Messages are one line, fit for the user.
absl::StatusOr<ImageInfo> ReadImageInfo(absl::Span<const uint8_t> head, uint64_t file_bytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_IMAGE_INFO_H_
