// ComicInfo.xml of a book: the draft 2.1 of the ComicInfo schema (anansi-project/comicinfo), whose
// elements stand in a fixed order, from Title over Notes, Writer and PageCount to Pages.
//
// The text is a pure function of what is known of a book without drawing. Programs that tell books
// apart by the first half megabyte of a file find the source's fingerprint in Notes.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_ZIP_COMIC_INFO_H_
#define CBZFS_CODECS_ZIP_COMIC_INFO_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "codecs/document/document.h"

namespace cbzfs {

struct ComicInfoSource {
  const Document& document;
  // The title where the document has none; any bytes. What XML cannot hold becomes a space (control
  // characters) or U+FFFD (all else).
  std::string_view stem;
  uint64_t fingerprint = 0;
  std::function<uint64_t(uint32_t page)> data_bytes;  // length of the data of a page's entry
};

// One line per page, ended by a newline. UTF-8.
std::string ComicInfoText(const ComicInfoSource& source);

// The length of ComicInfoText(), without writing a page: a stat needs no more than that.
uint64_t ComicInfoBytes(const ComicInfoSource& source);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_COMIC_INFO_H_
