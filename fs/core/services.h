// The rooms of one mount, wired together; every node holds it by shared_ptr.
//
// The order of the members is the order of construction; destruction runs backwards, so what waits
// for a page goes before the store it waits at. Filesystem::Stop() stops the pool first.

#ifndef CBZFS_FS_CORE_SERVICES_H_
#define CBZFS_FS_CORE_SERVICES_H_

#include <memory>
#include <string>
#include <vector>

#include "cache/index.h"
#include "cache/store/second_level.h"
#include "codecs/worker/worker_pool.h"
#include "fs/core/books.h"
#include "fs/core/change_watch.h"
#include "fs/core/documents.h"
#include "fs/core/error_log.h"
#include "fs/core/file_crcs.h"
#include "fs/core/folder_comics.h"
#include "fs/core/library.h"
#include "fs/core/memory_plan.h"
#include "fs/core/options.h"
#include "fs/core/page_store.h"
#include "fs/core/view.h"
#include "fs/monitor/memory_monitor.h"

namespace cbzfs {

struct Services {
  Options options;
  uint32_t read_ahead = 0;  // pages, resolved
  std::unique_ptr<Library> library;
  std::unique_ptr<Index> index;
  ErrorLog errors;
  std::unique_ptr<MemoryMonitor> monitor;  // null in tests, as is the next
  std::unique_ptr<MemoryPlan> memory;      // asked by the pool
  std::unique_ptr<WorkerPool> pool;
  std::unique_ptr<Documents> documents;
  std::unique_ptr<Books> books;
  std::unique_ptr<SecondLevel> second;  // null: none was asked for
  std::unique_ptr<PageStore> pages;
  std::vector<std::unique_ptr<View>> views;
  std::unique_ptr<ChangeWatch> watch;  // null: changes are seen when somebody looks
  std::unique_ptr<FileCrcs> crcs;         // null without folders=, as is the next
  std::unique_ptr<FolderComics> folders;  // that are books
};

// Attributes as the mount shows them: the source's owner and times, no write bits, one link. No
// time is before `since_ns` (View::since_ns()).
struct stat ShownAttr(int64_t since_ns, const struct stat& source, uint64_t ino, uint64_t size);

// A file could not be opened. Where it is for want of descriptors, `.cbzfs/errors` says what to do.
absl::Status OpenFailed(Services& services, const std::string& path, const absl::Status& failure);

// Inode number of what `view` shows of the source file `st`; `what` tells apart several things that
// one source shows as. Stable across mounts; never 0 or one of the first 1024, which the mount's
// own files have.
uint64_t InoOf(uint64_t view, std::string_view what, const struct stat& st);
// `what` of a folder of the library.
inline constexpr std::string_view kFolderIno = "folder";

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_SERVICES_H_
