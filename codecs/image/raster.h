// Pixels in memory: 8-bit gray or RGB, rows top to bottom.
//
// A plain owner: one thread at a time.

#ifndef CBZFS_CODECS_IMAGE_RASTER_H_
#define CBZFS_CODECS_IMAGE_RASTER_H_

#include <cstdint>
#include <vector>

namespace cbzfs {

// Borrowed pixels.
struct RasterView {
  const uint8_t* pixels = nullptr;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t components = 3;  // 1 gray, 3 RGB
  uint64_t stride = 0;      // bytes from one row to the next

  const uint8_t* Row(uint32_t y) const { return pixels + y * stride; }
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_RASTER_H_
