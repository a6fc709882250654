#include "codecs/decode/exif.h"

#include "codecs/decode/byte_reader.h"

namespace cbzfs {

int ExifOrientation(absl::Span<const uint8_t> tiff) {
  const ByteReader reader(tiff);
  if (!reader.Has(0, 8)) return 1;
  const bool little = reader.U8(0) == 'I';
  const auto u16 = [&](uint64_t at) { return little ? reader.Le16(at) : reader.Be16(at); };
  const uint64_t directory = little ? reader.Le32(4) : reader.Be32(4);
  const uint32_t entries = u16(directory);
  for (uint32_t i = 0; i < entries; ++i) {
    const uint64_t at = directory + 2 + uint64_t{i} * 12;
    if (!reader.Has(at, 12)) return 1;
    if (u16(at) != 0x0112) continue;
    const uint32_t orientation = u16(at + 8);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  }
  return 1;
}

}  // namespace cbzfs
