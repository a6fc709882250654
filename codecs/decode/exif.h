// The orientation in EXIF data: a TIFF directory (EXIF 2.32, 4.6.4; TIFF 6.0, section 2) as it lies
// in a JPEG's APP1 behind "Exif\0\0", in a PNG's eXIf chunk and in a WebP's EXIF chunk.
//
// A pure function: any thread.

#ifndef CBZFS_CODECS_DECODE_EXIF_H_
#define CBZFS_CODECS_DECODE_EXIF_H_

#include <cstdint>

#include "absl/types/span.h"

namespace cbzfs {

// 1 to 8; 1 when the first directory says none, something else, or is broken.
int ExifOrientation(absl::Span<const uint8_t> tiff);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_EXIF_H_
