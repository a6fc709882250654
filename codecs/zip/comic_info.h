// ComicInfo.xml of a book: the draft 2.1 of the ComicInfo schema (anansi-project/comicinfo), whose
// elements stand in a fixed order.
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
  // The title where the document has none, and what else it says (file_name_info.h); any bytes.
  // What XML cannot hold becomes a space (control characters) or U+FFFD (all else).
  std::string_view stem;
  uint64_t fingerprint = 0;
  // Length of the data of a page's entry; null: it is not said.
  std::function<uint64_t(uint32_t page)> data_bytes;
};

// One line per page, ended by a newline. UTF-8.
//
// Beside what the document says of itself: the first page is the cover where nobody says another
// is; a page wider than it is high is a double one in a book of upright pages. A page of no width
// is one whose size nobody knows.
std::string ComicInfoText(const ComicInfoSource& source);

// The length of ComicInfoText() of pages with a size and data, without writing every page: a stat
// needs no more than that.
uint64_t ComicInfoBytes(const ComicInfoSource& source);

// What is said of the book: by its document, and for the rest by its file's name. Without the title
// of a book that has none.
Metadata BookInfo(const Document& document, std::string_view stem);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_COMIC_INFO_H_
