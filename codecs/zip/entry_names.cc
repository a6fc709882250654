#include "codecs/zip/entry_names.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

constexpr std::string_view kSeedWord = " page_";

uint32_t Digits(uint32_t number) {
  uint32_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

}  // namespace

std::string_view CutText(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  for (size_t start = limit; start > 0 && limit - start < 4; --start) {
    // A character of the text that the limit falls into begins at most three bytes before it.
    if (start + DecodeUtf8(text.substr(start)).bytes > limit) return text.substr(0, start);
  }
  return text.substr(0, limit);
}

EntryNames::EntryNames(PageNames style, std::string_view stem, uint32_t page_count,
                       PageFormat format)
    : extension_(ExtensionOf(format)) {
  if (style == PageNames::kNumber) {
    width_ = std::max(4u, Digits(page_count));
    equal_ = page_count;
    equal_bytes_ = width_ + extension_.size();
    return;
  }
  const size_t others = kSeedWord.size() + Digits(page_count) + extension_.size();
  prefix_ = CutText(stem, kMaxBytes - others);
  std::replace(prefix_.begin(), prefix_.end(), '/', '_');
  std::replace(prefix_.begin(), prefix_.end(), '\0', '_');
  prefix_ += kSeedWord;
}

EntryNames::EntryNames(const std::vector<std::string>& names) {
  starts_.reserve(names.size() + 1);
  for (const std::string& name : names) {
    starts_.push_back(list_.size());
    list_ += name;
  }
  starts_.push_back(list_.size());
}

std::string EntryNames::Name(uint32_t page) const {
  if (!starts_.empty()) return list_.substr(starts_[page], Bytes(page));
  return absl::StrFormat("%s%0*d%s", prefix_, static_cast<int>(width_), page + 1, extension_);
}

uint64_t EntryNames::BytesOfAny(uint32_t page) const {
  if (!starts_.empty()) return starts_[page + 1] - starts_[page];
  return prefix_.size() + std::max(width_, Digits(page + 1)) + extension_.size();
}

uint64_t EntryNames::BytesBefore(uint32_t page) const {
  if (!starts_.empty()) return starts_[page];
  uint64_t bytes = uint64_t{page} * (prefix_.size() + width_ + extension_.size());
  // One more for each digit that a number has beyond the width: the numbers are 1 to `page`.
  uint64_t wider = 1;
  for (uint32_t i = 0; i < width_; ++i) wider *= 10;
  for (; wider <= page; wider *= 10) bytes += page - wider + 1;
  return bytes;
}

}  // namespace cbzfs
