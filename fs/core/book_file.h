// A part of a book held open (all of a virtual CBZ, or one page): reads are put together from the
// layout's literals, ranges of the source and pages, and the pages that will be wanted next are made
// ahead.
//
// One handle sees one version of its source: a read whose source has changed since is EIO, never a
// mix (docs: PageStore checks drawn pages, this class the ranges).
//
// Threads: any.

#ifndef CBZFS_FS_CORE_BOOK_FILE_H_
#define CBZFS_FS_CORE_BOOK_FILE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/data_crc.h"
#include "fs/core/node.h"
#include "fs/core/page_store.h"

namespace cbzfs {

class BookFile : public OpenFile {
 public:
  // The file is `extent` of the book's layout. `read_ahead` pages are kept under way ahead of a reader
  // who reads on; 0 turns it off. `keeper` owns `pages` and is held as long as the file.
  BookFile(std::shared_ptr<const OpenBook> book, const Extent& extent, PageStore* pages,
           uint32_t read_ahead, std::shared_ptr<const void> keeper)
      : book_(std::move(book)),
        extent_(extent),
        pages_(pages),
        read_ahead_(read_ahead),
        keeper_(std::move(keeper)) {}
  ~BookFile() override;

  std::shared_ptr<ReadWait> Read(uint64_t offset, size_t size, ReadDone done) override;

 private:
  class Operation;

  // Follows the reader: page after page is reading on, anything else is not. One page alone (a
  // cover) draws no other.
  void ReadAhead(uint32_t page);

  // Bytes of an original page that were read, and are unchanged, on their way to the reader.
  void Passed(const Piece& piece, const char* bytes);

  const std::shared_ptr<const OpenBook> book_;
  const Extent extent_;
  PageStore* const pages_;
  const uint32_t read_ahead_;
  const std::shared_ptr<const void> keeper_;

  DataCrc data_crc_;
  absl::Mutex mu_;
  uint32_t last_page_ ABSL_GUARDED_BY(mu_) = UINT32_MAX;  // the reader's last drawn page
  uint32_t ahead_ ABSL_GUARDED_BY(mu_) = 0;               // pages below this were asked for
  std::vector<std::shared_ptr<PageStore::Wait>> waits_ ABSL_GUARDED_BY(mu_);
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_BOOK_FILE_H_
