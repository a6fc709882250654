// Finished pages in a folder: `-o store=dir:PATH,size=SIZE`. They outlive the mount, and mounts of
// one user may share the folder at the same time.
//
// FOLDER/ab/cdef0123... holds the value of the key abcdef0123... in lower-case hex, mode 0600.
// A file gets that name when it is complete, so a killed process leaves no part of a value there.
// Nothing is flushed to the disk: after a power cut a file may be damaged, which the hash in the
// value shows. Where the file system has no unnamed files, or /proc is missing, they are written
// as FOLDER/tmp-PID-START-N; those of processes that are gone are removed by Open.
//
// What has any other name is not ours: never counted, never touched.
//
// The bound counts each file's size rounded up to 4 KiB, not what the folders themselves take.
// No names are kept in memory. A Put that would pass the bound looks through the folder and removes
// what was used longest ago until 90 % are left; use is the file's mtime, which Get refreshes when
// it is older than ten minutes. What other processes write is seen only by looking: at the first
// Put, after each 5 % of the bound written here, and at a Put ten minutes after the last look. So
// each further process may pass the bound by 5 % for that long.
//
// Threads: any number at once. A Put that looks through the folder takes long (a second and more
// for 200 000 files); others wait for it only when they need the room. No limits in time: a disk
// that hangs holds the caller.

#ifndef CBZFS_CACHE_STORE_DIR_BACKEND_H_
#define CBZFS_CACHE_STORE_DIR_BACKEND_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cache/store/backend.h"

namespace cbzfs {

class DirBackend final : public StoreBackend {
 public:
  // `folder` is absolute; it is made where it is missing. kPermissionDenied when it belongs to
  // somebody else or others may write to it, kFailedPrecondition when it cannot be made or opened.
  // With `max_bytes` 0 nothing is kept.
  static absl::StatusOr<std::unique_ptr<DirBackend>> Open(const std::string& folder,
                                                          uint64_t max_bytes);
  ~DirBackend() override;

  // None, too, for what cannot be a value of ours: a link, a file of somebody else, one too long.
  absl::StatusOr<std::optional<std::string>> Get(const StoreKey& key) override;
  // OK, and not kept: a value over a quarter of the bound, and one that comes while half of the
  // bound is being written. kResourceExhausted: the disk or the quota is full, or the file is too
  // large for it. kUnavailable: all other failures of the disk.
  absl::Status Put(const StoreKey& key, std::string_view value) override;
  absl::Status Remove(const StoreKey& key) override;
  // Before the first Put, which looks through the folder: 0.
  uint64_t bytes() const override;

 private:
  DirBackend(std::string folder, int root, uint64_t max_bytes)
      : folder_(std::move(folder)), root_(root), max_bytes_(max_bytes) {}

  absl::Status Failed(int error) const;
  // Whether there now is a file of ours; false when somebody else put it there.
  absl::StatusOr<bool> Write(int shelf, const std::string& name, std::string_view value,
                             bool replace);
  // 0, or an errno; EEXIST when there is such a file by now.
  int WriteUnnamed(int shelf, const std::string& name, std::string_view value);
  int WriteNamed(int shelf, const std::string& name, std::string_view value);

  // Counts what is about to be written; false when too much is under way. Then exactly one of
  // Keep and Release.
  bool Reserve(uint64_t charge);
  void Keep(uint64_t charge, uint64_t replaced);
  void Release(uint64_t charge);
  void Forget(uint64_t charge);

  absl::Status MakeRoom();
  absl::Status LookAndEvict();

  const std::string folder_;
  const int root_;  // the folder, open
  const uint64_t max_bytes_;
  std::atomic<bool> unnamed_{true};  // files without a name work here, as far as is known

  mutable absl::Mutex mutex_;                     // never held while the disk is asked
  uint64_t total_ ABSL_GUARDED_BY(mutex_) = 0;    // what is there, and what is under way
  uint64_t pending_ ABSL_GUARDED_BY(mutex_) = 0;  // what is under way
  // What a look under way may have missed. May count a file twice, until the next look.
  uint64_t unseen_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t written_since_look_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_look_ ABSL_GUARDED_BY(mutex_) = 0;  // seconds of the monotonic clock
  bool looked_ ABSL_GUARDED_BY(mutex_) = false;    // total_ is known
  bool looking_ ABSL_GUARDED_BY(mutex_) = false;   // some thread is at it
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_DIR_BACKEND_H_
