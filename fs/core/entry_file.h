// An entry of a real archive held open: its bytes as they are, unpacked where they are packed.
//
// A stored entry is a range of the archive; for any other a worker unpacks the whole entry, which
// then stays in the page cache. One handle sees one version of its archive, as in book_file.h.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_ENTRY_FILE_H_
#define CBZFS_FS_CORE_ENTRY_FILE_H_

#include <cstdint>
#include <memory>

#include "fs/core/node.h"
#include "fs/core/page_store.h"

namespace cbzfs {

class EntryFile : public OpenFile {
 public:
  // Page `page` of `book`, a real archive as it is. `keeper` owns `pages`.
  EntryFile(std::shared_ptr<const OpenBook> book, uint32_t page, PageStore* pages,
            std::shared_ptr<const void> keeper)
      : book_(std::move(book)), page_(page), pages_(pages), keeper_(std::move(keeper)) {}

  std::shared_ptr<ReadWait> Read(uint64_t offset, size_t size, ReadDone done) override;

 private:
  absl::StatusOr<ReadResult> ReadStored(uint64_t offset, size_t size) const;

  const std::shared_ptr<const OpenBook> book_;
  const uint32_t page_;
  PageStore* const pages_;
  const std::shared_ptr<const void> keeper_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_ENTRY_FILE_H_
