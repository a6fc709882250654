// The formats, each as a pair: what its header says, and how it is decoded. image_info.h and
// image_decode.h choose among them.
//
// Read...Info() gets the head as ReadImageInfo() does and leaves the general limits (sides, pixels)
// to it. Decode...() gets the whole file with the information read from it, within the limits, and
// gives upright rows; it may be given an ImageInfo that a broken file does not keep to.
//
// Where an answer could come out otherwise with more bytes than the head (an EXIF chunk behind the
// picture), only the first kImageHeadBytes count: analysing and decoding must agree on the size.
//
// Internal to codecs/image. Info: any thread. Rows: one thread.

#ifndef CBZFS_CODECS_DECODE_FORMATS_H_
#define CBZFS_CODECS_DECODE_FORMATS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/decode/image_decode.h"
#include "codecs/decode/image_info.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

using Bytes = absl::Span<const uint8_t>;
using DecodedImage = absl::StatusOr<std::unique_ptr<PixelRows>>;

// What a decode may hold beside the limit of pixels: six bytes for each of the 50 million, a 4:4:4
// progressive JPEG's coefficients.
inline constexpr uint64_t kMaxHeldBytes = 6 * kMaxPagePixels;

struct DecodeRequest {
  Bytes file;
  ImageInfo info;
  // Size in the file, before it is turned, and what is wanted of it.
  uint32_t width = 0;
  uint32_t height = 0;
  DecodeSize least;

  bool TooLargeToHold() const { return uint64_t{width} * height > kMaxPagePixels; }
};

// kResourceExhausted, in words for the user.
absl::Status TooLarge(uint32_t width, uint32_t height);

absl::StatusOr<ImageInfo> ReadJpegInfo(Bytes head);
absl::StatusOr<ImageInfo> ReadPngInfo(Bytes head);
absl::StatusOr<ImageInfo> ReadGifInfo(Bytes head);
absl::StatusOr<ImageInfo> ReadWebpInfo(Bytes head);
absl::StatusOr<ImageInfo> ReadBmpInfo(Bytes head);
absl::StatusOr<ImageInfo> ReadTiffInfo(Bytes head);
absl::StatusOr<ImageInfo> ReadJpeg2000Info(Bytes head);
absl::StatusOr<ImageInfo> ReadAvifInfo(Bytes head, uint64_t file_bytes);
absl::StatusOr<ImageInfo> ReadJxlInfo(Bytes head);

DecodedImage DecodeJpeg(const DecodeRequest& request);
DecodedImage DecodePng(const DecodeRequest& request);
DecodedImage DecodeGif(const DecodeRequest& request);
DecodedImage DecodeWebp(const DecodeRequest& request);
DecodedImage DecodeBmp(const DecodeRequest& request);
DecodedImage DecodeTiff(const DecodeRequest& request);
DecodedImage DecodeJpeg2000(const DecodeRequest& request);
DecodedImage DecodeAvif(const DecodeRequest& request);
DecodedImage DecodeJxl(const DecodeRequest& request);

// The colour profile as it is in the file, whatever it is; empty: none.
std::string JpegProfile(Bytes file);
std::string PngProfile(Bytes file);
std::string WebpProfile(Bytes file);
std::string TiffProfile(Bytes file);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_FORMATS_H_
