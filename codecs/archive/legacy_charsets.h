// The two character sets of ZIP names that say of themselves nothing: CP437 (IBM PC, which APPNOTE
// 6.3.10 appendix D prescribes) and CP932 (Microsoft's Shift-JIS, what Japanese Windows wrote).
//
// The tables are made by glibc's iconv, once. That loads modules from the file system, so Load()
// must run before a worker is shut off from it, best in the zygote: 2 ms, 140 KB, copy on write.
//
// Immutable after Load(): any thread.

#ifndef CBZFS_CODECS_ARCHIVE_LEGACY_CHARSETS_H_
#define CBZFS_CODECS_ARCHIVE_LEGACY_CHARSETS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cbzfs {

class LegacyCharsets {
 public:
  // A character of a Shift-JIS text, of one byte or two.
  struct ShiftJisChar {
    uint16_t code = 0;  // in the basic multilingual plane
    uint8_t lead = 0;   // 0: one byte
    uint8_t trail = 0;
  };

  // kUnavailable when this system's iconv lacks one of the two.
  static absl::StatusOr<std::unique_ptr<const LegacyCharsets>> Load();

  // Never fails: CP437 gives a meaning to every byte.
  std::string Cp437ToUtf8(std::string_view text) const;

  // False when the text is no CP932; `out` is then unspecified. Characters of the private use area
  // (lead bytes 0xF0 to 0xF9) count as none.
  bool DecodeShiftJis(std::string_view text, std::vector<ShiftJisChar>* out) const;

 private:
  LegacyCharsets() = default;

  // 0: no character; NUL itself is treated apart.
  std::array<uint16_t, 256> cp437_ = {};
  std::array<uint16_t, 256> single_ = {};
  std::vector<uint16_t> double_;  // by lead * 256 + trail
};

// Appends the UTF-8 of a code of the basic multilingual plane.
void AppendUtf8(uint16_t code, std::string* out);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ARCHIVE_LEGACY_CHARSETS_H_
