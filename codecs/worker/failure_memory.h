// What failed for good a short while ago, so that asking again costs nothing.
//
// One thread.

#ifndef CBZFS_CODECS_WORKER_FAILURE_MEMORY_H_
#define CBZFS_CODECS_WORKER_FAILURE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "codecs/worker/clock.h"
#include "codecs/worker/job.h"

namespace cbzfs {

class FailureMemory {
 public:
  // A library of broken files has no more than this that anyone reads within ten minutes; at some
  // 400 bytes each.
  static constexpr size_t kMaxFailures = 4096;

  explicit FailureMemory(absl::Duration keep) : keep_(keep) {}

  void Remember(const Job& job, const absl::Status& failure, MonotonicTime now);
  // Of an equal job: the failure, or OK when none is remembered.
  absl::Status Recall(const Job& job, MonotonicTime now) const;

 private:
  struct Key {
    uint64_t source = 0;
    SourceFormat format = SourceFormat::kPdf;
    Job::Kind kind = Job::Kind::kProbe;
    bool enhanced = false;
    Finish finish = Finish::kPage;
    uint32_t page = 0;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.source, k.format, k.kind, k.enhanced, k.finish, k.page);
    }
  };
  struct Failure {
    absl::Status status;
    MonotonicTime until;
  };
  static Key KeyOf(const Job& job);

  const absl::Duration keep_;
  absl::flat_hash_map<Key, Failure> failures_;
  std::deque<Key> oldest_first_;  // exactly the keys of failures_
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_FAILURE_MEMORY_H_
