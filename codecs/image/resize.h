// A picture scaled with the Lanczos filter (three lobes), row by row, to the last bit as Pillow's
// Image.resize(size, LANCZOS) makes it of 8-bit gray and RGB.
//
// First across into 8 bits, then down; a direction that keeps its size is left out. Coefficients
// are normalised in double and then have 22 fractional bits. Only the rows that the filter spans
// are held: 6 * height / new height + 2 rows of the new width.

#ifndef CBZFS_CODECS_IMAGE_RESIZE_H_
#define CBZFS_CODECS_IMAGE_RESIZE_H_

#include <cstdint>
#include <memory>

#include "codecs/image/pixel_rows.h"

namespace cbzfs {

// The source at another size, in passes; its own rows when the size is its own. `width` and
// `height` are at least 1. Status and damage are the source's; Rewind() gives kResourceExhausted
// when memory ends.
std::unique_ptr<PixelRows> ResizeRows(std::unique_ptr<PixelRows> source, uint32_t width,
                                      uint32_t height);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_RESIZE_H_
