// What a PNG's chunks say before its picture (ISO 15948, 5.3 and 11.2). Internal to codecs/image.
//
// A pure function: any thread.

#ifndef CBZFS_CODECS_DECODE_PNG_CHUNKS_H_
#define CBZFS_CODECS_DECODE_PNG_CHUNKS_H_

#include <cstdint>

#include "absl/types/span.h"

namespace cbzfs {

struct PngChunks {
  uint32_t width = 0;  // 0: no IHDR where it should be
  uint32_t height = 0;
  uint32_t bit_depth = 0;
  uint32_t color_type = 0;
  bool interlaced = false;
  bool has_transparency = false;  // tRNS
  int orientation = 1;            // of an eXIf chunk that lies within the bytes
  uint64_t profile_at = 0;        // the compressed data of the iCCP chunk; 0: there is none
  uint64_t profile_bytes = 0;     // may reach beyond the bytes
};

// Only the first kImageHeadBytes are looked at.
PngChunks ReadPngChunks(absl::Span<const uint8_t> file);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_PNG_CHUNKS_H_
