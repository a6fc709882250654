// A picture as a JPEG that fits: the asked quality where it can, the best lower one where it must.
//
// The result is a payload (see codecs/document/document.h): DQT, SOF, DHT, SOS and the scan,
// without SOI, APP0 and EOI, because the layout makes those itself. Baseline, 4:2:0, islow DCT; one
// component when every pixel is gray. The bytes are a pure function of the pixels and the
// arguments: same on every host, run and thread count.
//
// Huffman tables are those of a sample, one MCU in 16, for pictures of half a megapixel or more:
// libjpeg then codes in one pass (huffman_tables.h), in 0.4 (gray) to 0.65 (colour) of the time for
// scanned comics, 0.75 for text. They take 0.1 to 0.3 % more room for comics, 1 to 4 % for text and
// 9 % for nearly empty pages of 6 kB. Where that room is wanting the best tables are found after
// all, so quality never pays for it. Smaller pictures have the best ones.
//
// A picture is read in passes from top to bottom: one to look at it (unless it is gray by its type,
// small, and cannot be encoded above the asked quality), one for each encode. Two in all nearly
// always; a picture that overflows its slot takes up to six more, one that must be softened up to
// thirteen.
//
// Any thread; keeps no state.

#ifndef CBZFS_CODECS_IMAGE_JPEG_FIT_H_
#define CBZFS_CODECS_IMAGE_JPEG_FIT_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "codecs/image/fitted_image.h"
#include "codecs/image/pixel_rows.h"
#include "codecs/image/raster.h"

namespace cbzfs {

// R == G == B in every pixel of a row of RGB.
bool RowIsGray(const uint8_t* row, uint32_t width);

struct FitRequest {
  uint32_t quality = 85;     // asked for, 1 to 100
  uint64_t max_payload = 0;  // bytes
  // Marker segments, whole ones (an ICC profile as APP2, say), that stand at the front of the
  // payload and count in max_payload. Borrowed during the call.
  std::string_view prefix = {};
  // No better than asked, however much room there is, and with the best Huffman tables: for a file
  // that is as long as it comes out.
  bool exact = false;
};

// The least `max_payload` that any raster of this size fits, whatever is on it. Slots are never
// chosen smaller.
uint64_t MinPayload(uint32_t width, uint32_t height);

// The shortest slot that is ever chosen: more than the flat picture that must fit, so that some
// detail always does.
double LeastSlot(uint32_t width, uint32_t height);

// libjpeg's percentage by which its standard tables are scaled: sizes are close to a power of it.
// 0 at quality 100.
double QuantiserScale(uint32_t quality);

// kInvalidArgument for an impossible picture or max_payload < prefix.size() + MinPayload();
// kResourceExhausted when memory ends; kInternal when libjpeg refuses; the rows' own status when
// they fail.
absl::StatusOr<FittedImage> FitJpeg(PixelRows& rows, const FitRequest& request);

// The same of pixels in memory, without a prefix.
absl::StatusOr<FittedImage> FitJpeg(const RasterView& raster, uint32_t quality,
                                   uint64_t max_payload);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_JPEG_FIT_H_
