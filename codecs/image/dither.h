// A gray picture in few gray levels, as screens of electronic paper have them: Floyd and
// Steinberg's error diffusion, from left to right and back in turn.
//
// Levels stand at equal distances from black to white, both included, so even black and white stay
// what they are. Integer arithmetic: the same bytes on every host.
//
// One thread.

#ifndef CBZFS_CODECS_IMAGE_DITHER_H_
#define CBZFS_CODECS_IMAGE_DITHER_H_

#include <cstdint>
#include <memory>

#include "codecs/image/pixel_rows.h"

namespace cbzfs {

// Of gray rows, in `levels` levels, 2 to 256. `strength`: how much of the error is handed on, in
// quarters; 0 only rounds. In passes; status and damage are the source's.
std::unique_ptr<PixelRows> DitherRows(std::unique_ptr<PixelRows> source, uint32_t levels,
                                      uint32_t strength = 4);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_DITHER_H_
