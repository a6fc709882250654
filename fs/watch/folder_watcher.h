// Tells of changes in folders as they happen, by inotify.
//
// Whoever shows a folder asks for it to be watched; nothing is crawled. The number of watches is
// bounded, and the folder that was asked for least recently is given up for a new one. A watch
// follows the folder itself, not its path: a FolderId, so that bind mounts and renames above make
// no difference.
//
// What inotify cannot see: changes by other hosts (network file systems are refused, by their
// type), writes through a hard link in another folder, what a symbolic link leads to, and
// memory-mapped writes before the file is closed.
//
// Threads: every method from any thread. The listener is called from a thread of the watcher's own,
// and from inside Add() about folders that are given up; never under a lock of the watcher. Start
// it after daemonising. The destructor joins the thread.

#ifndef CBZFS_FS_WATCH_FOLDER_WATCHER_H_
#define CBZFS_FS_WATCH_FOLDER_WATCHER_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "fs/watch/inotify.h"

namespace cbzfs {

// st_dev and st_ino.
struct FolderId {
  uint64_t dev = 0;
  uint64_t ino = 0;
  friend bool operator==(const FolderId&, const FolderId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const FolderId& id) {
    return H::combine(std::move(h), id.dev, id.ino);
  }
};

class WatchListener {
 public:
  virtual ~WatchListener() = default;
  // An entry of the folder came, went, or is not what it was; an empty name: the folder itself.
  virtual void EntryChanged(const FolderId& folder, std::string_view name) = 0;
  // The folder was moved, deleted, unmounted or given up, and is watched no longer.
  virtual void FolderLost(const FolderId& folder) = 0;
  // The kernel lost count of what happened: anything may have changed.
  virtual void EverythingChanged() = 0;
};

struct FolderWatcherOptions {
  int64_t limit = -1;                            // watches; 0: none, -1: DefaultWatchLimit()
  std::function<void(const std::string&)> info;  // told once each why folders are not watched
  std::unique_ptr<Inotify> inotify = RealInotify();
};

// A quarter of what the kernel gives each user (/proc/sys/fs/inotify/max_user_watches), and at most
// 32768: a watch keeps about 1 KiB of the kernel's memory.
int64_t DefaultWatchLimit();

// File systems of this type (statfs' f_type) are changed by other hosts or programs without inotify
// being told: NFS, SMB, FUSE and the like.
bool ChangesUnseen(int64_t file_system_type);

class FolderWatcher {
 public:
  struct Stats {
    bool active = false;   // inotify is there and the limit is not 0
    uint64_t folders = 0;  // watched now
    uint64_t limit = 0;
    uint64_t events = 0;
    uint64_t overflows = 0;
    uint64_t given_up = 0;  // folders, for others
  };
  enum class State {
    kWatched,
    kUnwatched,    // try Add()
    kUnwatchable,  // Add() would fail
  };

  // `listener` outlives the watcher.
  FolderWatcher(FolderWatcherOptions options, WatchListener* listener);
  ~FolderWatcher();
  FolderWatcher(const FolderWatcher&) = delete;
  FolderWatcher& operator=(const FolderWatcher&) = delete;

  // Whether the folder is watched, which then counts as asked for just now.
  State Touch(const FolderId& folder);

  // Watches a folder, by a descriptor of it (O_PATH is enough). True: all that is read of it from
  // now on will not change unnoticed.
  bool Add(const FolderId& folder, int descriptor);

  Stats stats() const;

 private:
  using Order = std::list<FolderId>;  // most recently asked for first
  struct Watched {
    int watch = 0;
    Order::iterator place;
  };
  struct Happened;

  bool Place(const FolderId& folder, int watch, FolderId* gone) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int AddWatch(int descriptor, FolderId* given_up) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Erase(const FolderId& folder, bool remove) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool GiveUpOne(FolderId* given_up) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void InfoOnce(const char* key, const std::string& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Run();
  void Handle(const char* bytes, size_t size);
  Happened Interpret(int watch, uint32_t mask, std::string_view name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::function<void(const std::string&)> info_;
  const std::unique_ptr<Inotify> inotify_;
  WatchListener* const listener_;
  int descriptor_ = -1;  // inotify's; -1: not there
  int stop_ = -1;        // an eventfd

  mutable absl::Mutex mu_;
  uint64_t limit_ ABSL_GUARDED_BY(mu_) = 0;
  Order order_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<FolderId, Watched> watched_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<int, FolderId> by_watch_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<uint64_t> unseen_devices_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<std::string> said_ ABSL_GUARDED_BY(mu_);
  absl::Time retry_at_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  Stats stats_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace cbzfs

#endif  // CBZFS_FS_WATCH_FOLDER_WATCHER_H_
