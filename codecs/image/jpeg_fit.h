// A raster as a JPEG that fits: the asked quality where it can, the best lower one where it must.
//
// The result is a payload (see codecs/document/document.h): DQT, SOF, DHT, SOS and the scan,
// without SOI, APP0 and EOI, because the layout makes those itself. Baseline, optimised Huffman
// tables, 4:2:0, islow DCT; one component when every pixel is gray. The bytes are a pure function
// of the pixels and the arguments: same on every host, run and thread count.
//
// Any thread; keeps no state.

#ifndef CBZFS_CODECS_IMAGE_JPEG_FIT_H_
#define CBZFS_CODECS_IMAGE_JPEG_FIT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "codecs/image/raster.h"

namespace cbzfs {

struct FittedJpeg {
  std::string payload;
  uint32_t quality = 0;     // the quality it was encoded at; may exceed the asked one where room is
  uint32_t components = 0;  // 1 or 3
  bool softened = false;    // quality alone did not do: detail was taken away at full size
};

// The least `max_payload` that any raster of this size fits, whatever is on it. Slots are never
// chosen smaller.
uint64_t MinPayload(uint32_t width, uint32_t height);

// kInvalidArgument for an impossible raster or max_payload < MinPayload();
// kResourceExhausted when memory ends; kInternal when libjpeg refuses.
absl::StatusOr<FittedJpeg> FitJpeg(const RasterView& raster, uint32_t quality,
                                   uint64_t max_payload);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_JPEG_FIT_H_
