// Finished pages in a folder: FOLDER/ab/cdef..., one file a value.
//
// A file appears under its name by rename(), whole as far as the kernel is concerned, so SIGKILL
// leaves no part of one. Nothing is flushed to the disk: what a power cut tears is found out by the
// hash that every value carries, and drawn again.
//
// Bounded: before a value would pass `max_bytes` the files used least lately go, down to nine
// tenths. A file's time of modification says when it was last used; reading sets it, at most every
// ten minutes. What other processes put into the same folder is seen when the folder is counted
// again: every ten minutes of writing, or when this one has written a twentieth of `max_bytes`. So
// N processes keep it under `max_bytes` times 1 + N/20. Files that are not ours (other names, other
// owners) are neither counted nor touched.
//
// Threads: several at once. One at a time counts and deletes; the others do not wait for it.

#ifndef CBZFS_CACHE_STORE_DIR_BACKEND_H_
#define CBZFS_CACHE_STORE_DIR_BACKEND_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cache/store/backend.h"

namespace cbzfs {

class DirBackend final : public StoreBackend {
 public:
  // `folder` is absolute; it is made where it is missing. kPermissionDenied and kFailedPrecondition
  // as of PreparePrivateFolder().
  static absl::StatusOr<std::unique_ptr<DirBackend>> Open(const std::string& folder,
                                                          uint64_t max_bytes);
  ~DirBackend() override;

  absl::StatusOr<std::optional<std::string>> Get(const StoreKey& key) override;
  // A value of more than a quarter of the folder's size is not worth it, and not kept.
  absl::Status Put(const StoreKey& key, std::string_view value) override;
  absl::Status Remove(const StoreKey& key) override;
  // 0 before the first Put().
  uint64_t bytes() const override { return bytes_; }

 private:
  DirBackend(std::string folder, int fd, uint64_t max_bytes)
      : folder_(std::move(folder)), fd_(fd), max_bytes_(max_bytes) {}

  absl::Status Failed(absl::string_view what, int error) const;
  // Counts what is there, and deletes what is too much, where that is due. False: there is no room,
  // and another thread is making some.
  bool MakeRoom(uint64_t coming);
  void CountAndDelete(uint64_t coming);

  const std::string folder_;
  const int fd_;
  const uint64_t max_bytes_;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> written_ = 0;  // since it was counted
  std::atomic<uint64_t> serial_ = 0;   // of new files
  absl::Mutex counting_;
  std::atomic<int64_t> counted_ns_ = 0;  // when; 0: never
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_DIR_BACKEND_H_
