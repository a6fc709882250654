#include "codecs/decode/jpeg2000_stream.h"

#include <algorithm>
#include <cstring>

#include "codecs/decode/byte_reader.h"

namespace cbzfs {
namespace {

constexpr uint32_t kSot = 0xFF90;
constexpr uint32_t kSod = 0xFF93;
constexpr uint32_t kEoc = 0xFFD9;
constexpr uint64_t kSotBytes = 12;
constexpr uint64_t kLengthInSot = 6;  // Psot

// More than what can be missing of a code-block: it has at most 4096 samples of 38 bits.
constexpr uint64_t kMissing = 64 << 10;

// Behind the marker segment at `at`; 0 where there is none.
uint64_t AfterSegment(const ByteReader& reader, uint64_t at) {
  if (!reader.Has(at, 4) || reader.U8(at) != 0xFF || reader.Be16(at + 2) < 2) return 0;
  const uint64_t next = at + 2 + reader.Be16(at + 2);
  return next <= reader.size() ? next : 0;
}

}  // namespace

Jpeg2000Stream::Jpeg2000Stream(absl::Span<const uint8_t> file, uint64_t codestream) : file_(file) {
  Mend(codestream + 2);
}

// `at`: behind SOC. A main header that is cut, and what is no codestream, stay what they are.
void Jpeg2000Stream::Mend(uint64_t at) {
  const ByteReader reader(file_);
  while (at != 0 && reader.Be16(at) != kSot) at = AfterSegment(reader, at);
  if (at == 0) return;
  while (reader.Be16(at) == kSot && reader.Has(at, kSotBytes)) {
    const uint64_t length = reader.Be32(at + kLengthInSot);
    if (length == 0) {  // up to EOC, which ends the file
      if (reader.Be16(reader.size() - 2) != kEoc) MendTilePart(at);
      return;
    }
    if (length < kSotBytes + 2) return;
    if (!reader.Has(at, length)) return MendTilePart(at);
    at += length;
  }
  if (reader.Be16(at) == kEoc) return;
  file_ = file_.subspan(0, std::min<uint64_t>(at, file_.size()));
  end_added_ = true;
}

// The tile-part that begins at `start` does not end in the file.
void Jpeg2000Stream::MendTilePart(uint64_t start) {
  const ByteReader reader(file_);
  uint64_t at = start + kSotBytes;
  while (at != 0 && reader.Be16(at) != kSod) at = AfterSegment(reader, at);
  end_added_ = true;
  if (at == 0) {  // cut before its data
    file_ = file_.subspan(0, start);
    return;
  }
  open_length_at_ = start + kLengthInSot;
  zeros_ = kMissing;
}

uint8_t Jpeg2000Stream::ByteAt(uint64_t at) const {
  if (open_length_at_ != 0 && at >= open_length_at_ && at < open_length_at_ + 4) return 0;
  if (at < file_.size()) return file_[at];
  if (at < file_.size() + zeros_) return 0;
  return at == file_.size() + zeros_ ? kEoc >> 8 : kEoc & 0xFF;
}

size_t Jpeg2000Stream::Read(uint64_t at, uint8_t* out, size_t size) const {
  if (at >= this->size()) return 0;
  size = static_cast<size_t>(std::min<uint64_t>(size, this->size() - at));
  const uint64_t from_file = at < file_.size() ? std::min<uint64_t>(size, file_.size() - at) : 0;
  if (from_file > 0) std::memcpy(out, file_.data() + at, from_file);
  std::memset(out + from_file, 0, size - from_file);
  const auto fix = [&](uint64_t first, uint64_t last) {
    for (uint64_t i = std::max(first, at); i < std::min(last, at + size); ++i) {
      out[i - at] = ByteAt(i);
    }
  };
  if (open_length_at_ != 0) fix(open_length_at_, open_length_at_ + 4);
  if (end_added_) fix(file_.size() + zeros_, this->size());
  return size;
}

}  // namespace cbzfs
