// The header of a JPEG as it is looked at before a stream is handed out as it is, and the payload
// made of a stream. EXIF is in it.

#include "codecs/decode/jpeg_header.h"

#include <string>

#include "codecs/decode/exif.h"
#include "codecs/decode/jpeg_payload.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs {
namespace {

void CheckHeader(const JpegHeader& header, absl::Span<const uint8_t> stream) {
  FUZZ_CHECK(header.sof >= 0xC0 && header.sof <= 0xCF);
  FUZZ_CHECK(header.width > 0 && header.width <= UINT16_MAX);
  FUZZ_CHECK(header.height > 0 && header.height <= UINT16_MAX);
  FUZZ_CHECK(header.components >= 1 && header.components <= 4);
  FUZZ_CHECK(header.exif_orientation >= 1 && header.exif_orientation <= 8);
  FUZZ_CHECK(header.after_app0 >= 2 && header.after_app0 <= header.scan_at);
  FUZZ_CHECK(header.scan_at < stream.size());
  FUZZ_CHECK(stream[header.scan_at] == 0xFF && stream[header.scan_at + 1] == 0xDA);
  const size_t eoi = FindLastEoi(stream, header);
  FUZZ_CHECK(eoi <= stream.size());
  if (eoi == stream.size()) return;
  FUZZ_CHECK(eoi > header.scan_at && stream.size() - eoi >= 2);
  FUZZ_CHECK(stream[eoi] == 0xFF && stream[eoi + 1] == 0xD9);
}

// A payload is all of the stream, with the insert in it, and its header says the same.
void CheckPayload(absl::Span<const uint8_t> stream, const JpegHeader& header) {
  const std::string insert("\xFF\xFE\0\4ab", 6);
  const auto fitted = PayloadOf(stream, insert);
  if (!fitted.ok()) return;
  const size_t eoi = FindLastEoi(stream, header);
  FUZZ_CHECK(fitted->payload.size() == eoi - 2 + insert.size());
  const std::string whole = "\xFF\xD8" + fitted->payload + "\xFF\xD9";
  const auto again = ReadJpegHeader({reinterpret_cast<const uint8_t*>(whole.data()), whole.size()});
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(again->width == header.width && again->height == header.height);
  FUZZ_CHECK(again->components == header.components && again->sof == header.sof);
  FUZZ_CHECK(again->scan_at == header.scan_at + insert.size());
  FUZZ_CHECK(again->LooksYcc() == header.LooksYcc());
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  const absl::Span<const uint8_t> stream(data, size);
  const int orientation = ExifOrientation(stream);
  FUZZ_CHECK(orientation >= 1 && orientation <= 8);
  const auto header = ReadJpegHeader(stream);
  if (!header.ok()) {
    FUZZ_CHECK(!PayloadOf(stream, "").ok());
    return 0;
  }
  CheckHeader(*header, stream);
  CheckPayload(stream, *header);
  // A prefix says the same or that there is too little of it, never something else.
  const auto prefix = ReadJpegHeader(stream.subspan(0, size - (size % 7 + 1)));
  FUZZ_CHECK(prefix.ok() ? prefix->scan_at == header->scan_at
                         : absl::IsOutOfRange(prefix.status()));
  return 0;
}
