// The names of the page entries, and the length of any run of them without making one: numbered
// ones, or any list.
//
// A plain value: any thread.

#ifndef CBZFS_CODECS_ZIP_ENTRY_NAMES_H_
#define CBZFS_CODECS_ZIP_ENTRY_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/document/page_format.h"

namespace cbzfs {

enum class PageNames : uint8_t {
  kNumber,  // 0001.jpg (or .webp), zero-padded to max(4, digits of the page count)
  kSeed,    // "STEM page_1.jpg", as the old tool named them
};

// The longest prefix of at most `limit` bytes that ends between two characters of UTF-8 (of what is
// no UTF-8: just at the limit).
std::string_view CutText(std::string_view text, size_t limit);

class EntryNames {
 public:
  // The longest name of a file on the file systems that archives are unpacked to.
  static constexpr uint64_t kMaxBytes = 255;

  EntryNames() = default;
  // `stem` may be any bytes. With kSeed it is cut, between two characters, so that the longest name
  // is at most kMaxBytes; '/' and NUL, which no file name has, become '_'.
  EntryNames(PageNames style, std::string_view stem, uint32_t page_count,
             PageFormat format = PageFormat::kJpeg);
  // One name a page.
  explicit EntryNames(const std::vector<std::string>& names);

  // Pages count from 0 here, from 1 in the numbered names.
  std::string Name(uint32_t page) const;
  uint64_t Bytes(uint32_t page) const { return page < equal_ ? equal_bytes_ : BytesOfAny(page); }
  // Of the names of all pages before `page`.
  uint64_t BytesBefore(uint32_t page) const;

 private:
  uint64_t BytesOfAny(uint32_t page) const;

  std::string prefix_;
  std::string_view extension_ = ExtensionOf(PageFormat::kJpeg);
  uint32_t width_ = 1;  // numbers have at least so many digits
  // So many names, from the first on, have just so many bytes: a layout asks for every one.
  uint32_t equal_ = 0;
  uint64_t equal_bytes_ = 0;
  // Of a list: all its names in a row, where each begins, and the end. Else empty.
  std::string list_;
  std::vector<size_t> starts_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_ENTRY_NAMES_H_
