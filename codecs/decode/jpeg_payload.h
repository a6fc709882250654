// A whole JPEG stream as the payload of a page.
//
// Any thread; keeps no state.

#ifndef CBZFS_CODECS_DECODE_JPEG_PAYLOAD_H_
#define CBZFS_CODECS_DECODE_JPEG_PAYLOAD_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/image/jpeg_fit.h"

namespace cbzfs {

// Everything of `stream` between its SOI and its last EOI, bit for bit, with `insert` (whole marker
// segments) behind the APP0. kDataLoss when it is no JPEG.
absl::StatusOr<FittedImage> PayloadOf(absl::Span<const uint8_t> stream, std::string_view insert);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_JPEG_PAYLOAD_H_
