// The CRC-32s of whole files of the library, for archives that hold them as they are.
//
// A file is read once for it, by a thread of this class and in no hurry of anybody's but who waits;
// what came out is kept by the file's own key, in memory and in the index, so that a later mount
// reads none. Those who wait are served in turns, one file each.
//
// Threads: any. Callbacks come from inside the call when all are known, else from that thread.
// Files that cannot be read are reported to the ErrorLog from here.

#ifndef CBZFS_FS_CORE_FILE_CRCS_H_
#define CBZFS_FS_CORE_FILE_CRCS_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cache/index.h"
#include "cache/lru_cache.h"
#include "fs/core/error_log.h"
#include "fs/core/library.h"

namespace cbzfs {

class FileCrcs {
 public:
  struct File {
    std::string path;
    SourceKey key;
  };
  // In the order of the files. kAborted when one of them is another by now; kCancelled by Stop();
  // else what kept one from being read.
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::vector<uint32_t>>)>;

  // One who waits. Leave() gives up; `done` then does not run, or runs already.
  class Wait {
   public:
    virtual ~Wait() = default;
    virtual void Leave() = 0;
  };

  struct Stats {
    uint64_t files = 0;  // read to the end for their CRC
    uint64_t bytes = 0;
  };

  // All outlive this.
  FileCrcs(const Library* library, Index* index, ErrorLog* errors)
      : library_(library), index_(index), errors_(errors), known_(kKnownBytes) {}
  ~FileCrcs() { Stop(); }

  // Null when `done` has been called from inside.
  std::shared_ptr<Wait> Get(std::vector<File> files, Done done);

  // Ends the thread; whoever waits is called with kCancelled, as is whoever comes later and would
  // have to wait. Idempotent.
  void Stop();

  Stats stats() const { return {.files = files_, .bytes = bytes_}; }

 private:
  class Request;

  // 80 000 files.
  static constexpr uint64_t kKnownBytes = 8 << 20;

  std::optional<uint32_t> Find(const SourceKey& key);
  // Reads the file.
  absl::StatusOr<uint32_t> Compute(const File& file);
  void Run();

  const Library* const library_;
  Index* const index_;
  ErrorLog* const errors_;
  LruCache<SourceKey, uint32_t> known_;
  std::atomic<uint64_t> files_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<bool> stopping_ = false;
  absl::Mutex mu_;
  std::deque<std::shared_ptr<Request>> queue_ ABSL_GUARDED_BY(mu_);
  std::thread thread_ ABSL_GUARDED_BY(mu_);  // begun by the first who has to wait
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_FILE_CRCS_H_
