// The first directory of a TIFF file (TIFF 6.0, section 2; BigTIFF), as far as the size of the
// picture and the cost of decoding it depend on it. Internal to codecs/image.
//
// A pure function: any thread.

#ifndef CBZFS_CODECS_DECODE_TIFF_DIRECTORY_H_
#define CBZFS_CODECS_DECODE_TIFF_DIRECTORY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace cbzfs {

struct TiffDirectory {
  // Values too large for a directory's fields are cut to 32 bits: they are over every limit.
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t bits = 1;  // of the first sample
  uint32_t compression = 1;
  uint32_t photometric = 0;
  uint32_t orientation = 1;
  uint32_t samples = 1;
  uint32_t planar = 1;
  uint32_t tile_width = 0;  // 0: strips
  uint32_t tile_height = 0;
  uint32_t rows_per_strip = UINT32_MAX;
  uint64_t profile_at = 0;
  uint64_t profile_bytes = 0;
};

// kInvalidArgument when it is not a TIFF or the directory is not within the bytes. Values that lie
// outside the directory and outside the bytes (bits of three samples) are taken for 8.
absl::StatusOr<TiffDirectory> ReadTiffDirectory(absl::Span<const uint8_t> bytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_TIFF_DIRECTORY_H_
