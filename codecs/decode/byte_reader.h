// Integers out of bytes that may be anything: a read that would leave them gives 0.
//
// So a header parser cannot stray whatever the header says; where a 0 would mean something else
// than "not there", ask Has() first. A plain view, for any thread.

#ifndef CBZFS_CODECS_DECODE_BYTE_READER_H_
#define CBZFS_CODECS_DECODE_BYTE_READER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"

namespace cbzfs {

class ByteReader {
 public:
  explicit ByteReader(absl::Span<const uint8_t> bytes) : bytes_(bytes) {}

  uint64_t size() const { return bytes_.size(); }
  bool Has(uint64_t at, uint64_t length) const {
    return at <= bytes_.size() && length <= bytes_.size() - at;
  }

  uint32_t U8(uint64_t at) const { return Has(at, 1) ? bytes_[at] : 0; }
  uint32_t Be16(uint64_t at) const { return static_cast<uint32_t>(Big(at, 2)); }
  uint32_t Be32(uint64_t at) const { return static_cast<uint32_t>(Big(at, 4)); }
  uint64_t Be64(uint64_t at) const { return Big(at, 8); }
  uint32_t Le16(uint64_t at) const { return static_cast<uint32_t>(Little(at, 2)); }
  uint32_t Le24(uint64_t at) const { return static_cast<uint32_t>(Little(at, 3)); }
  uint32_t Le32(uint64_t at) const { return static_cast<uint32_t>(Little(at, 4)); }
  uint64_t Le64(uint64_t at) const { return Little(at, 8); }

  bool Is(uint64_t at, std::string_view text) const {
    return Has(at, text.size()) &&
           std::equal(text.begin(), text.end(), bytes_.begin() + at,
                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
  }

  // As much of the range as is there.
  absl::Span<const uint8_t> Slice(uint64_t at, uint64_t length) const {
    at = std::min<uint64_t>(at, bytes_.size());
    return bytes_.subspan(at, std::min<uint64_t>(length, bytes_.size() - at));
  }

 private:
  uint64_t Big(uint64_t at, int bytes) const {
    uint64_t value = 0;
    if (!Has(at, bytes)) return 0;
    for (int i = 0; i < bytes; ++i) value = value << 8 | bytes_[at + i];
    return value;
  }
  uint64_t Little(uint64_t at, int bytes) const {
    uint64_t value = 0;
    if (!Has(at, bytes)) return 0;
    for (int i = bytes; i-- > 0;) value = value << 8 | bytes_[at + i];
    return value;
  }

  absl::Span<const uint8_t> bytes_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_BYTE_READER_H_
