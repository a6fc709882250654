// How the memory of one mount (`-o memory=`) is shared out, and who watches that it is kept.
//
//   base      what daemon, zygote and workers take when nothing is under way, page tables, and the
//             slack of each worker's heap
//   reserve   one analysis that somebody waits for while all else is used up
//   shared    requests at workers, idle workers' heaps and finished pages: what the first two do
//   not
//             take is left to the pages, up to `-o cache=`
//
// Measured (Debian 12, 2 workers): the daemon 6 MiB, the zygote 7, an idle worker 4 to 5, the
// tables of 2 000 books 16, the index 2. Not counted: the library's own files, which the kernel
// keeps as far as it likes and drops when it must, although it shows what workers have mapped of
// them as theirs.
//
// Threads: any; Restrict() and the like as MemoryKeeper says.

#ifndef CBZFS_FS_CORE_MEMORY_PLAN_H_
#define CBZFS_FS_CORE_MEMORY_PLAN_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "codecs/worker/memory_keeper.h"
#include "fs/core/options.h"
#include "fs/core/page_store.h"
#include "fs/monitor/memory_monitor.h"

namespace cbzfs {

struct MemoryShares {
  uint64_t base = 0;
  uint64_t reserve = 0;
  uint64_t shared = 0;
  uint64_t alone = 0;  // the same for one request when the other workers have gone for it
};

// `workers` is at least 1. Always adds up to `memory`.
MemoryShares ShareMemory(uint64_t memory, uint32_t workers);

// The thresholds, with their defaults: the seed's 500 and 1000 MB, or the budget where that is
// more.
MonitorOptions MonitorOptionsOf(const Options& options);

class MemoryPlan final : public MemoryKeeper {
 public:
  // `monitor` outlives this.
  explicit MemoryPlan(MemoryMonitor* monitor) : monitor_(monitor) {}

  // From here on the pages share the budget; null ends it.
  void SetPages(PageStore* pages) { pages_ = pages; }

  uint64_t Fit(uint64_t room) override {
    PageStore* const pages = pages_;
    return pages == nullptr ? 0 : pages->Restrict(room);
  }
  absl::Status MayTake(uint64_t bytes) override { return monitor_->MayTake(bytes); }
  bool Pressed() override { return monitor_->pressed(); }

 private:
  MemoryMonitor* const monitor_;
  std::atomic<PageStore*> pages_ = nullptr;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_MEMORY_PLAN_H_
