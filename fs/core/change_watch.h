// Drops from the kernel's cache what changed in the library.
//
// Folders that somebody looks at are watched (fs/watch); each change is turned into the names and
// inodes that the kernel may have of it, in all views, and the KernelCache is told to drop them. So
// a change shows at once, and not when the kernel's ttl is over. Without inotify, past its limits
// and on network file systems, the ttl is what counts.
//
// Bursts are gathered: there are at most ten rounds a second, and each tells the kernel once of
// each name. The rounds run on a thread of their own: the kernel takes the folder's lock for them,
// which it also holds while a lookup there waits for us.
//
// Threads: any, except that Start() and Stop() are for whoever mounts.

#ifndef CBZFS_FS_CORE_CHANGE_WATCH_H_
#define CBZFS_FS_CORE_CHANGE_WATCH_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "fs/core/node_table.h"
#include "fs/watch/folder_watcher.h"

namespace cbzfs {

class Library;
class View;

// The kernel's cache of the mount; the adapter's side implements it. Calls may wait for the kernel
// and come from one thread. Dropping what is not there is fine.
class KernelCache {
 public:
  virtual ~KernelCache() = default;
  virtual void DropName(uint64_t parent, const std::string& name) = 0;
  virtual void DropAttributes(uint64_t ino) = 0;
};

class ChangeWatch : public WatchListener {
 public:
  struct Stats {
    FolderWatcher::Stats folders;
    uint64_t rounds = 0;
    uint64_t names = 0;  // dropped
  };

  // `library` and `nodes` outlive it. `views`: the ids of the views there are. `view_is_root`: the
  // library's root shows as the root of the mount.
  ChangeWatch(const Library* library, NodeTable* nodes, std::vector<uint64_t> views,
              bool view_is_root, FolderWatcherOptions options);
  ~ChangeWatch() override;

  // Has the folder at `path`, of which `st` was just read, watched. True: it was not watched until
  // now, so read again what was read before.
  bool Watch(const std::string& path, const struct stat& st);

  // The folder `st`, which stands as `name` in the folder `parent`, shows as something beside itself
  // there, too: what changes in it changes that.
  void TellParent(const struct stat& st, const struct stat& parent, std::string_view name);

  // `kernel` lives until Stop() has returned, after which it is called no more.
  void Start(KernelCache* kernel);
  void Stop();

  Stats stats() const;

  void EntryChanged(const FolderId& folder, std::string_view name) override;
  void FolderLost(const FolderId& folder) override;
  void EverythingChanged() override;

 private:
  struct Change {
    FolderId folder;
    bool lost = false;
    std::string root;  // RootOfName(); empty: the folder itself
    friend bool operator==(const Change&, const Change&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Change& c) {
      return H::combine(std::move(h), c.folder, c.lost, c.root);
    }
  };
  using Changes = absl::flat_hash_set<Change>;

  void Add(Change change);
  // What it means for the folder's parent, if that is to be told.
  void AddForParent(const FolderId& folder);
  std::vector<uint64_t> InosOf(const FolderId& folder) const;
  void Run();
  void Round(const Changes& changes, bool everything);

  const Library* const library_;
  NodeTable* const nodes_;
  const std::vector<uint64_t> views_;
  FolderId root_;  // zeros where the mount's root is no folder of the library

  mutable absl::Mutex mu_;
  Changes changes_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<FolderId, Change> parents_ ABSL_GUARDED_BY(mu_);  // of TellParent()
  bool everything_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t rounds_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t names_ ABSL_GUARDED_BY(mu_) = 0;
  KernelCache* kernel_ = nullptr;  // set before the thread is there
  std::thread thread_;
  FolderWatcher watcher_;  // last: its thread calls us
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_CHANGE_WATCH_H_
