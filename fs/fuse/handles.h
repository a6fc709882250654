// What the kernel's file handles stand for.
//
// fuse_file_info::fh is the address of a handle. The table owns them all, because the kernel sends
// no release for what is open when a mount ends. Handles live from the reply to an open until its
// release; what outlasts them (a read that was interrupted) holds the file itself.
//
// Threads: every method from any thread.

#ifndef CBZFS_FS_FUSE_HANDLES_H_
#define CBZFS_FS_FUSE_HANDLES_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/node.h"

namespace cbzfs {

struct Handle {
  virtual ~Handle() = default;
};

struct FileHandle : Handle {
  explicit FileHandle(std::shared_ptr<OpenFile> opened) : file(std::move(opened)) {}
  const std::shared_ptr<OpenFile> file;
};

struct DirHandle : Handle {
  // Shared, because a listing may arrive after an interrupted readdir and the handle's release.
  struct Taken {
    std::shared_ptr<const Listing> listing;
    uint64_t since = 0;  // Filesystem::Now() when it was asked for
  };
  struct State {
    absl::Mutex mu;
    Taken taken ABSL_GUARDED_BY(mu);
  };
  const std::shared_ptr<State> state = std::make_shared<State>();
};

class HandleTable {
 public:
  uint64_t Add(std::unique_ptr<Handle> handle) {
    const auto fh = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(handle.get()));
    absl::MutexLock lock(&mu_);
    open_.emplace(fh, std::move(handle));
    return fh;
  }

  void Release(uint64_t fh) {
    std::unique_ptr<Handle> released;  // outside the lock: closing may take a while
    absl::MutexLock lock(&mu_);
    const auto it = open_.find(fh);
    if (it == open_.end()) return;
    released = std::move(it->second);
    open_.erase(it);
  }

  // `fh` came from Add(), has not been released, and is of that type.
  template <typename T>
  static T& Get(uint64_t fh) {
    return *static_cast<T*>(reinterpret_cast<Handle*>(static_cast<uintptr_t>(fh)));
  }

 private:
  absl::Mutex mu_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Handle>> open_ ABSL_GUARDED_BY(mu_);
};

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_HANDLES_H_
