// Writes a book, or a picture made of a page, without padding: as long as it comes out.
//
// The book is one of Options::tight. Pages are asked for ahead, so many at once, and written in
// order. Any thread, one file each.

#ifndef CBZFS_FS_COMMAND_TIGHT_WRITER_H_
#define CBZFS_FS_COMMAND_TIGHT_WRITER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "fs/command/atomic_file.h"
#include "fs/core/book_tree.h"
#include "fs/core/page_store.h"

namespace cbzfs {

struct TightRequest {
  std::shared_ptr<const OpenBook> book;
  BookPart part;  // kWhole or kPage
  PageStore* pages = nullptr;
  uint32_t ahead = 2;  // pages that are asked for at once
  // Told of each page that was written, and how many bytes that made.
  std::function<void(uint64_t bytes)> page_written = [](uint64_t) {};
};

// Says which bytes of which source the part is made of, under which options: written at the end of
// the archive's comment, and into a picture as a JPEG comment. The same for the same bytes of
// source, wherever they lie.
std::string TightMark(const OpenBook& book, const BookPart& part);

// Whether the file open at `fd` ends in (an archive), or begins with (a picture), this mark.
bool HasTightMark(int fd, const BookPart& part, const std::string& mark);

// Its length. Statuses of PageStore and AtomicFile; kCancelled after Filesystem::Stop().
absl::StatusOr<uint64_t> WriteTight(const TightRequest& request, AtomicFile* file);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_TIGHT_WRITER_H_
