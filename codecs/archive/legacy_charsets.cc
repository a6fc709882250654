#include "codecs/archive/legacy_charsets.h"

#include <iconv.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

// One iconv descriptor to UTF-16, which for these character sets is one unit a character.
class Converter {
 public:
  explicit Converter(const char* charset) : handle_(iconv_open("UTF-16LE", charset)) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (ok()) iconv_close(handle_);
  }
  bool ok() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  // The character that all of `bytes` are, or 0.
  uint16_t Convert(std::string_view bytes) {
    char in[2] = {bytes[0], bytes.back()};
    char out[8] = {};
    char* from = in;
    char* to = out;
    size_t from_left = bytes.size();
    size_t to_left = sizeof(out);
    iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    const size_t result = iconv(handle_, &from, &from_left, &to, &to_left);
    // Not 0: a conversion that is not reversible, which is none.
    if (result != 0 || from_left != 0 || to_left != sizeof(out) - 2) return 0;
    return static_cast<uint16_t>(static_cast<uint8_t>(out[0]) | static_cast<uint8_t>(out[1]) << 8);
  }

 private:
  iconv_t handle_;
};

bool IsPrivateUse(uint16_t code) { return code >= 0xE000 && code < 0xF900; }

bool IsLead(int byte) { return (byte >= 0x81 && byte < 0xA0) || (byte >= 0xE0 && byte < 0xFD); }

}  // namespace

absl::StatusOr<std::unique_ptr<const LegacyCharsets>> LegacyCharsets::Load() {
  Converter cp437("CP437");
  Converter cp932("CP932");
  if (!cp437.ok() || !cp932.ok()) {
    return absl::UnavailableError(
        absl::StrCat("iconv has no ", cp437.ok() ? "CP932" : "CP437", " on this system"));
  }
  std::unique_ptr<LegacyCharsets> sets(new LegacyCharsets());
  sets->double_.resize(65'536);
  for (int byte = 1; byte < 256; ++byte) {
    const char text[2] = {static_cast<char>(byte), 0};
    sets->cp437_[byte] = cp437.Convert({text, 1});
    sets->single_[byte] = IsLead(byte) ? 0 : cp932.Convert({text, 1});
    if (!IsLead(byte)) continue;
    for (int trail = 0x40; trail < 0xFD; ++trail) {
      const char pair[2] = {static_cast<char>(byte), static_cast<char>(trail)};
      const uint16_t code = cp932.Convert({pair, 2});
      if (!IsPrivateUse(code)) sets->double_[byte << 8 | trail] = code;
    }
  }
  return sets;
}

std::string LegacyCharsets::Cp437ToUtf8(std::string_view text) const {
  std::string out;
  for (const char c : text) AppendUtf8(cp437_[static_cast<uint8_t>(c)], &out);
  return out;
}

bool LegacyCharsets::DecodeShiftJis(std::string_view text, std::vector<ShiftJisChar>* out) const {
  out->clear();
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t byte = static_cast<uint8_t>(text[i]);
    if (!IsLead(byte)) {
      if (single_[byte] == 0 && byte != 0) return false;
      out->push_back({single_[byte], 0, byte});
      continue;
    }
    if (++i == text.size()) return false;
    const uint8_t trail = static_cast<uint8_t>(text[i]);
    const uint16_t code = double_[byte << 8 | trail];
    if (code == 0) return false;
    out->push_back({code, byte, trail});
  }
  return true;
}

void AppendUtf8(uint16_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xE0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

}  // namespace cbzfs
