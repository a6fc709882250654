// What layout.cc, layout_read.cc and tight_archive.cc share. Not for others.

#ifndef CBZFS_CODECS_ZIP_LAYOUT_INTERNAL_H_
#define CBZFS_CODECS_ZIP_LAYOUT_INTERNAL_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "codecs/zip/layout.h"

namespace cbzfs {

inline constexpr std::string_view kComicInfoName = "ComicInfo.xml";

// Fills the room that was left for the text of ComicInfo.xml: with blanks, and a line's end.
void FillInfo(uint64_t room, std::string* text);

// A run of bytes that one rule makes, and that belongs to one entry.
struct Layout::Part {
  enum class Origin : uint8_t {
    kLocalHeader,
    kComicInfo,
    kPageHead,
    kSource,
    kInsert,
    kBody,
    kTail,
    kDescriptor,
    kDirectory,
    kEnd,
  };
  Origin origin;
  size_t entry;
  uint64_t offset;  // in the virtual file
  uint64_t size;
  uint64_t source_offset = 0;  // kSource
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_LAYOUT_INTERNAL_H_
