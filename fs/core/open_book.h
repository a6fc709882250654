// A version of a book held open: its table, and the files of the library that it is made of.
//
// Plain functions and an immutable value: any thread.

#ifndef CBZFS_FS_CORE_OPEN_BOOK_H_
#define CBZFS_FS_CORE_OPEN_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/worker/source_file.h"
#include "fs/core/book.h"
#include "fs/core/folder_files.h"

namespace cbzfs {

// One version of one book, held open. Immutable.
struct OpenBook {
  std::string path;  // in the library, for messages
  std::shared_ptr<const SourceFile> file;  // null for a folder
  std::shared_ptr<const Book> book;
  std::shared_ptr<const OpenBook> plain;  // of book->plain(), the same file; else null
  // Of a folder: its files, the rows of the book's table being their entries. Else null.
  std::shared_ptr<const FolderFiles> files;
};

// `book` over `file`, which is of the version that the book was made for.
std::shared_ptr<const OpenBook> HoldOpen(std::string path, std::shared_ptr<const SourceFile> file,
                                         std::shared_ptr<const Book> book);
// The same over the files of a folder.
std::shared_ptr<const OpenBook> HoldOpen(std::shared_ptr<const FolderFiles> files,
                                         std::shared_ptr<const Book> book);

// What a worker is given to make the page. Fails for a folder alone: EIO when the image is another
// by now, else what keeps it from being opened, which has been reported.
absl::StatusOr<std::shared_ptr<const SourceFile>> SourceOf(const OpenBook& book, uint32_t page);

// What the page is made of is still what the book was made for.
bool SourceUnchanged(const OpenBook& book, uint32_t page);

// Bytes of an entry of a folder that is handed on as it is. Statuses as of FolderFiles::Read().
absl::Status ReadOfFolder(const OpenBook& book, uint32_t page, uint64_t offset, size_t size,
                          char* out);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_OPEN_BOOK_H_
