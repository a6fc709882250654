// The files of the library that are open: each version of a file once, however many handles and
// requests there are, and no more of them than the process has descriptors for.
//
// A descriptor stays open for as long as anybody holds the SourceFile: a handle's file may have
// been deleted or replaced meanwhile, and could not be opened again.
//
// Threads: any. SourceFiles may outlive the table.

#ifndef CBZFS_FS_CORE_SOURCE_TABLE_H_
#define CBZFS_FS_CORE_SOURCE_TABLE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cache/index.h"
#include "codecs/worker/source_file.h"

namespace cbzfs {

class SourceTable {
 public:
  explicit SourceTable(uint64_t limit) : state_(std::make_shared<State>(limit)) {}

  // Takes `fd` over: the file that is open as this version already (then `fd` is closed), or a new
  // one. EMFILE when there are too many. `hash` is SourceFile::key().
  absl::StatusOr<std::shared_ptr<const SourceFile>> Share(int fd, const SourceKey& key,
                                                          uint64_t hash, SourceFormat format,
                                                          PasswordList passwords = nullptr);

  uint64_t open() const;
  uint64_t limit() const { return state_->limit; }

 private:
  struct Key {
    SourceKey source;
    uint64_t hash = 0;
    SourceFormat format = SourceFormat::kPdf;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.source, k.hash, k.format);
    }
  };
  // Shared with the files, which sign off.
  struct State {
    explicit State(uint64_t most) : limit(most) {}
    const uint64_t limit;
    absl::Mutex mu;
    uint64_t open ABSL_GUARDED_BY(mu) = 0;
    absl::flat_hash_map<Key, std::weak_ptr<const SourceFile>> files ABSL_GUARDED_BY(mu);
  };

  const std::shared_ptr<State> state_;
};

// How many files of the library may be open beside the descriptors that the rest takes: each worker
// a socket, a pidfd, an answer and pages that are handed on, and some for all else.
uint64_t SourceLimit(uint32_t workers);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_SOURCE_TABLE_H_
