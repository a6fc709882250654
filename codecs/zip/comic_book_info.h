// The comment of an archive in the form of ComicBookInfo/1.0, a JSON object: where calibre looks
// for what a comic is (calibre, ebooks/metadata/archive.py), and the programs of its time.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_ZIP_COMIC_BOOK_INFO_H_
#define CBZFS_CODECS_ZIP_COMIC_BOOK_INFO_H_

#include <string>
#include <string_view>

#include "codecs/document/document.h"

namespace cbzfs {

// "" where no more is known than the file's name, which everybody sees. At most 48 KiB. The form
// has a place for the time of the last change; that is left out, as the bytes hang on no clock.
std::string ComicBookInfo(const Document& document, std::string_view stem);

// `comment`, which is of ComicBookInfo(), with a word to whoever wrote the archive: as the last
// member of the object, so that it is found at the end of the file. And whether these last bytes of
// a file have it.
std::string WithMark(std::string_view comment, std::string_view mark);
bool EndsWithMark(std::string_view end, std::string_view mark);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_COMIC_BOOK_INFO_H_
