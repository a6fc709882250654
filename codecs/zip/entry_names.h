// The names of the page entries, and the length of any run of them without making one.
//
// A plain value: any thread.

#ifndef CBZFS_CODECS_ZIP_ENTRY_NAMES_H_
#define CBZFS_CODECS_ZIP_ENTRY_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace cbzfs {

enum class PageNames : uint8_t {
  kNumber,  // 0001.jpg, zero-padded to max(4, digits of the page count)
  kSeed,    // "STEM page_1.jpg", as the old tool named them
};

class EntryNames {
 public:
  // The longest name of a file on the file systems that archives are unpacked to.
  static constexpr uint64_t kMaxBytes = 255;

  EntryNames() = default;
  // `stem` may be any bytes. With kSeed it is cut, between two characters, so that the longest name
  // is at most kMaxBytes; '/' and NUL, which no file name has, become '_'.
  EntryNames(PageNames style, std::string_view stem, uint32_t page_count);

  // Pages count from 0 here, from 1 in the names.
  std::string Name(uint32_t page) const;
  uint64_t Bytes(uint32_t page) const;
  // Of the names of all pages before `page`.
  uint64_t BytesBefore(uint32_t page) const;

 private:
  std::string prefix_;
  uint32_t width_ = 1;  // numbers have at least so many digits
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_ENTRY_NAMES_H_
