// The names that the pages of a real archive have in its enhanced twin.
//
// A page that is handed on as it is (kRaw, kUnpacked) keeps the entry's name. An enhanced one
// (kDrawn) is a JPEG: its extension becomes ".jpg", or it is appended where there is none, and the
// name is made unique. (Where it is a WebP, read ".webp" for ".jpg".) The result keeps the contract
// of the entries' names (document.h) and follows from the document alone:
//
//   1. Entries handed on and images already named "*.jpg" keep their names.
//   2. Each other image, in the order of the pages, gets the first of these that is neither another
//      member nor a folder of one, and whose last part has at most 255 bytes: "a.jpg" for "a.png",
//      then "a.png.jpg", then "a~7.jpg" for page 7, then "a~7-2.jpg" and so on.
//
// An extension is a dot and 1 to 5 ASCII letters and digits, the first a letter: "page.001" has
// none, or all the pages of a book named so would want to be "page.jpg".
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_ZIP_ARCHIVE_NAMES_H_
#define CBZFS_CODECS_ZIP_ARCHIVE_NAMES_H_

#include <string>
#include <vector>

#include "codecs/document/document.h"
#include "codecs/document/page_format.h"

namespace cbzfs {

// One name a page. `document` has an entry for each page, named as CheckEntryNames()
// (document_codec.h) has it. Linear but for sorting and hashing, whatever the names.
std::vector<std::string> ArchivePageNames(const Document& document,
                                          PageFormat format = PageFormat::kJpeg);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_ARCHIVE_NAMES_H_
