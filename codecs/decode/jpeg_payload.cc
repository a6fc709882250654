#include "codecs/decode/jpeg_payload.h"

#include <string>

#include "absl/status/status.h"
#include "codecs/decode/jpeg_header.h"

namespace cbzfs {

absl::StatusOr<FittedImage> PayloadOf(absl::Span<const uint8_t> stream, std::string_view insert) {
  const absl::StatusOr<JpegHeader> header = ReadJpegHeader(stream);
  if (!header.ok()) return absl::DataLossError("the page's image is no JPEG any more");
  const size_t length = FindLastEoi(stream, *header);
  const size_t split = insert.empty() ? 2 : header->after_app0;
  if (length < split) return absl::DataLossError("the page's image is no JPEG any more");
  const std::string_view bytes(reinterpret_cast<const char*>(stream.data()), length);
  FittedImage jpeg;
  jpeg.payload.reserve(length + insert.size());
  jpeg.payload.append(bytes.substr(2, split - 2));
  jpeg.payload.append(insert);
  jpeg.payload.append(bytes.substr(split));
  jpeg.components = header->components;
  return jpeg;
}

}  // namespace cbzfs
