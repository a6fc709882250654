// Where a page's margins end: the part of a picture with something on it.
//
// The ground is what the picture's outermost parts mostly are, paper or black. A margin is even: a
// column or row of it differs from the ground in no more places than dust does. A page number is no
// dust, so nothing that can be read is cut off. A page with little on it is cropped little: at
// least three fifths of each side stay, so a title does not fill the screen.
//
// A small map of the darkest and lightest pixel of each cell is all that is kept, so thin lines
// count and memory does not. Integer arithmetic: the same on every host. One thread.

#ifndef CBZFS_CODECS_IMAGE_MARGINS_H_
#define CBZFS_CODECS_IMAGE_MARGINS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "codecs/image/page_rows.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

struct Content {
  Window window;         // within the `part` that was looked at
  uint8_t ground = 255;  // 0 or 255, what the paper is nearer to
};

// One pass over `rows`, of which only `part` is looked at. The rows' status when they fail;
// kResourceExhausted when memory ends. A page that is even throughout keeps all of itself.
absl::StatusOr<Content> FindContent(PixelRows& rows, const Window& part);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_MARGINS_H_
