// What becomes of a picture's rows on the way to a page for a reader: gray, a window of them, and a
// canvas around them. Each is the source in passes, without memory but for a row; status and damage
// are the source's.
//
// One thread.

#ifndef CBZFS_CODECS_IMAGE_PAGE_ROWS_H_
#define CBZFS_CODECS_IMAGE_PAGE_ROWS_H_

#include <cstdint>
#include <memory>

#include "codecs/image/pixel_rows.h"

namespace cbzfs {

// A part of a picture, in pixels. Never empty, and inside of it.
struct Window {
  uint32_t left = 0;
  uint32_t top = 0;
  uint32_t width = 0;
  uint32_t height = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

// One component, by the weights of ITU-R 601 in 16 bits, as Pillow's convert("L"). Gray rows are
// handed back as they are.
std::unique_ptr<PixelRows> GrayRows(std::unique_ptr<PixelRows> source);

// The window alone; the source itself where the window is all of it.
std::unique_ptr<PixelRows> WindowRows(std::unique_ptr<PixelRows> source, const Window& window);

// The source in the middle of a ground of one value, `width` x `height`, which are at least its
// own.
std::unique_ptr<PixelRows> CanvasRows(std::unique_ptr<PixelRows> source, uint32_t width,
                                      uint32_t height, uint8_t ground);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_PAGE_ROWS_H_
