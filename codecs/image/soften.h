// A picture with its detail taken away at full size: averaged over cells of `factor` x `factor`
// pixels and interpolated back, row by row, so that only the small image is held.
//
// Integer arithmetic: the same bytes on every host. One thread; borrows nothing after Create().

#ifndef CBZFS_CODECS_IMAGE_SOFTEN_H_
#define CBZFS_CODECS_IMAGE_SOFTEN_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

class SoftRows {
 public:
  // One pass over `rows`. Their own status when they fail; kResourceExhausted when memory ends.
  static absl::StatusOr<SoftRows> Create(PixelRows& rows, uint32_t factor);

  // Rows of the picture's own size. Valid while this object stays where it is.
  RowSource source() { return {width_, height_, components_, Row, this}; }

 private:
  SoftRows() = default;
  static const uint8_t* Row(void* state, uint32_t y);
  absl::Status Shrink(PixelRows& rows);

  uint32_t width_ = 0;
  uint32_t height_ = 0;
  uint32_t components_ = 0;
  uint32_t factor_ = 0;
  uint32_t cells_wide_ = 0;
  uint32_t cells_high_ = 0;
  std::vector<uint8_t> cells_;
  std::vector<uint32_t> blend_;  // one row of cells between two, times 256
  std::vector<uint8_t> row_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_SOFTEN_H_
