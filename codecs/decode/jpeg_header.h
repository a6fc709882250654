// What a JPEG says of itself before its first scan: size, components, colour, where its APP0 ends.
//
// A bounded walk over marker segments that decodes nothing and never reads outside the bytes it is
// given, so it may be used on anything. It tells whether a stream can be handed out as it is; it
// does not tell whether the entropy-coded data is whole. ITU-T T.81 (markers, B.1), JFIF 1.02,
// Adobe TN 5116 (APP14).
//
// Any thread; keeps no state.

#ifndef CBZFS_CODECS_DECODE_JPEG_HEADER_H_
#define CBZFS_CODECS_DECODE_JPEG_HEADER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace cbzfs {

struct JpegHeader {
  uint8_t sof = 0;        // which SOFn, 0xC0 to 0xCF
  uint8_t precision = 0;  // bits a sample
  uint32_t width = 0;
  uint32_t height = 0;                        // never 0: a height left to a DNL segment is refused
  uint8_t components = 0;                     // 1 to 4
  std::array<uint8_t, 4> component_ids = {};  // as SOF names them

  bool jfif = false;
  int adobe_transform = -1;  // of the last APP14 "Adobe"; -1: there is none
  bool has_icc = false;      // at least one APP2 "ICC_PROFILE"

  int exif_orientation = 1;  // 1 to 8 as EXIF has it; a viewer turns the picture unless it is 1

  // Where segments may be inserted: behind SOI and the APP0 segments that follow it directly.
  uint32_t after_app0 = 0;

  uint32_t scan_at = 0;  // where the first SOS begins; no real EOI lies before it

  // Huffman coded, one frame, 8 bits: what every decoder reads.
  bool IsPlain() const;

  // Three components that a decoder takes for YCbCr (true) or RGB (false) when it has nothing but
  // the stream, by libjpeg's rules, which browsers and viewers share.
  bool LooksYcc() const;
};

// kInvalidArgument: no JPEG, or one that is broken before its first scan.
// kOutOfRange: the bytes end before the first scan; with more of them it may still be one.
absl::StatusOr<JpegHeader> ReadJpegHeader(absl::Span<const uint8_t> bytes);

// Where the last EOI of a stream with this header begins; its size when there is none behind the
// first scan's start and within the last 64 KiB.
size_t FindLastEoi(absl::Span<const uint8_t> bytes, const JpegHeader& header);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_JPEG_HEADER_H_
