// A part of a book held open (all of a virtual CBZ, or one page): reads are put together from the
// layout's literals, ranges of the source and pages, and the pages that will be wanted next are
// made ahead.
//
// One handle sees one version of its source: a read whose source has changed since is EIO, never a
// mix (docs: PageStore checks drawn pages, this class the ranges).
//
// Threads: any.

#ifndef CBZFS_FS_CORE_BOOK_FILE_H_
#define CBZFS_FS_CORE_BOOK_FILE_H_

#include <cstdint>
#include <memory>

#include "fs/core/data_crc.h"
#include "fs/core/node.h"
#include "fs/core/page_store.h"
#include "fs/core/read_ahead.h"

namespace cbzfs {

class BookFile : public OpenFile {
 public:
  // The file is `extent` of the book's layout. `keeper` owns `pages` and is held as long as the
  // file.
  BookFile(std::shared_ptr<const OpenBook> book, const Extent& extent, PageStore* pages,
           std::shared_ptr<ReadAhead> ahead, std::shared_ptr<const void> keeper)
      : keeper_(std::move(keeper)),
        book_(std::move(book)),
        extent_(extent),
        pages_(pages),
        ahead_(std::move(ahead)) {}

  std::shared_ptr<ReadWait> Read(uint64_t offset, size_t size, ReadDone done) override;
  std::shared_ptr<const OpenBook> book() const override { return book_; }

 private:
  class Operation;

  // Bytes of an original page that were read, and are unchanged, on their way to the reader.
  void Passed(const Piece& piece, const char* bytes);

  const std::shared_ptr<const void> keeper_;  // first: what follows refers to what it owns
  const std::shared_ptr<const OpenBook> book_;
  const Extent extent_;
  PageStore* const pages_;
  const std::shared_ptr<ReadAhead> ahead_;
  DataCrc data_crc_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_BOOK_FILE_H_
