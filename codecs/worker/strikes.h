// Documents that kill or hang workers, and those that have done it so often that no worker is given
// them for a while.
//
// A strike is a place of a document (its probe, its analysis, one of its pages) that cost a worker.
// The same place struck twice counts once: one bad page costs a book that page and no other.
//
// One thread.

#ifndef CBZFS_CODECS_WORKER_STRIKES_H_
#define CBZFS_CODECS_WORKER_STRIKES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "codecs/worker/clock.h"
#include "codecs/worker/job.h"

namespace cbzfs {

class Strikes {
 public:
  static constexpr size_t kPutAsideAt = 3;
  // Each costs a few worker's lives, so nobody fills this within the ten minutes; the oldest go.
  static constexpr size_t kMaxDocuments = 4096;

  // Strikes count for `keep`, and so long is a document put aside from the last of them.
  explicit Strikes(absl::Duration keep) : keep_(keep) {}

  // True when the document is put aside by it.
  bool Add(const Job& job, MonotonicTime now);
  // Whether the document has a strike that still counts.
  bool Has(uint64_t source, MonotonicTime now) const;
  // OK, or kUnavailable with when it may be asked for again.
  absl::Status Check(uint64_t source, MonotonicTime now) const;
  // How many are put aside.
  size_t CountPutAside(MonotonicTime now) const;

 private:
  struct Strike {
    uint64_t place = 0;
    MonotonicTime until;
  };
  struct Document {
    std::vector<Strike> strikes;  // at most kPutAsideAt
    MonotonicTime put_aside_until;
    absl::Status put_aside;  // always the same words: a new reason is logged anew
  };

  const absl::Duration keep_;
  absl::flat_hash_map<uint64_t, Document> documents_;
  std::deque<uint64_t> oldest_first_;  // exactly the keys of documents_
  // Who was put aside when, the first to return first. A document whose row went since is still in.
  mutable std::deque<MonotonicTime> returns_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_STRIKES_H_
