// Follows a reader through the pages of a book and has the next ones made ahead.
//
// Page after page is reading on, anything else is not: one page alone (a cover) makes no other. A
// handle of a whole CBZ has a follower of its own; the files of one folder of pages share one,
// since whoever opens one after another reads on as well.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_READ_AHEAD_H_
#define CBZFS_FS_CORE_READ_AHEAD_H_

#include <cstdint>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/page_store.h"

namespace cbzfs {

class ReadAhead : public std::enable_shared_from_this<ReadAhead> {
 public:
  // `pages` are kept under way ahead of a reader who reads on; 0 turns it off. The store outlives
  // this.
  ReadAhead(PageStore* store, uint32_t pages) : store_(store), pages_(pages) {}
  ~ReadAhead();

  // Somebody reads `page` of `book`; all calls are of the same book. Keeps the book open until the
  // pages ahead are made, not longer.
  void Follow(const std::shared_ptr<const OpenBook>& book, uint32_t page);

 private:
  void Make(const std::shared_ptr<const OpenBook>& book, uint32_t page);
  void Made(uint32_t page);

  PageStore* const store_;
  const uint32_t pages_;
  absl::Mutex mu_;
  uint32_t last_page_ ABSL_GUARDED_BY(mu_) = UINT32_MAX;  // the reader's last page
  uint32_t ahead_ ABSL_GUARDED_BY(mu_) = 0;               // pages below this were asked for
  // Pages under way; null until PageStore::Get() has returned.
  std::map<uint32_t, std::shared_ptr<PageStore::Wait>> waits_ ABSL_GUARDED_BY(mu_);
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_READ_AHEAD_H_
