// Whether a folder of the library is a book of images (-o folders=yes), and what is in that book:
// by the names in the folder alone.
//
// The rule. A folder is a book when there is an image file directly in it, but
//   - a folder with a comic in it (a PDF, CBZ, CBR, EPUB, ...) is a shelf: its images go with the
//     comics;
//   - images that are named as programs name covers (cover.jpg, folder.png, poster.jpg, ...) make
//     no book by themselves: they are the face of what stands in the folders below.
// In a book such an image is a page like any other. Folders inside the folder are no part of its
// book, and are books of their own or not. Hidden files are not looked at.
//
// Pure functions: any thread.

#ifndef CBZFS_FS_CORE_FOLDER_CONTENTS_H_
#define CBZFS_FS_CORE_FOLDER_CONTENTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "fs/core/names.h"

namespace cbzfs {

// In any case of letters, whatever the image's format.
bool IsCoverName(std::string_view name);

// What the book of a folder consists of; no images: the folder is no book.
struct FolderContents {
  std::vector<SourceName> images;  // in the order of reading (reading_order.h)
  SourceName info;                 // ComicInfo.xml, in any case of letters; "" for none
};
FolderContents ContentsOf(std::vector<SourceName> names, bool show_hidden);

// The names that files have as entries of an archive: their own, each once. Bytes that stand for
// nothing in UTF-8, control characters, slashes and backslashes are '_'; where that makes two the
// same, the later one gets a number before its extension.
std::vector<std::string> EntryNamesOf(const std::vector<std::string_view>& names);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_FOLDER_CONTENTS_H_
