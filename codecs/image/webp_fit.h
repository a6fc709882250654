// A picture as a WebP that fits: the asked quality where it can, the best lower one where it must.
//
// The result is a payload (see codecs/document/webp_chunks.h): the chunk of the colour profile,
// where there is one, and that of the coded picture. The bytes are a pure function of the pixels,
// the arguments and the version of libwebp: same on every run and thread count.
//
// Unlike a JPEG, no page is made better than asked where there is room: an encode takes long, and
// the quality for a size is not known without one.
//
// Any thread; keeps no state.

#ifndef CBZFS_CODECS_IMAGE_WEBP_FIT_H_
#define CBZFS_CODECS_IMAGE_WEBP_FIT_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "codecs/image/fitted_image.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

struct WebpFitRequest {
  uint32_t quality = 85;     // asked for, 1 to 100
  uint64_t max_payload = 0;  // bytes
  // ICC, borrowed during the call; counts in max_payload. Empty: none.
  std::string_view profile = {};
  // Of few values: as they are where that fits, else with a loss, which counts as a lower quality.
  bool lossless = false;
};

// The least `max_payload` that any picture of this size fits without a profile, whatever is on it.
// Slots are never chosen smaller.
uint64_t MinWebpPayload(uint32_t width, uint32_t height);

// kInvalidArgument for an impossible picture, or max_payload less than MinWebpPayload() and the
// profile's chunk; kResourceExhausted when memory ends; kInternal when libwebp refuses; the rows'
// own status when they fail.
absl::StatusOr<FittedImage> FitWebp(PixelRows& rows, const WebpFitRequest& request);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_WEBP_FIT_H_
