// What is at the workers: by worker, with its deadlines, and what all of it together takes.
//
// A job is in one of two kinds of places. The ordinary ones are as many as the pool has workers,
// and one; a job that has been at its worker for long goes on in a slow one, so that another takes
// its ordinary place.
//
// One thread.

#ifndef CBZFS_CODECS_WORKER_RUNNING_JOBS_H_
#define CBZFS_CODECS_WORKER_RUNNING_JOBS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "codecs/worker/clock.h"
#include "codecs/worker/job.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {

struct RunningJob {
  std::unique_ptr<Job> job;
  UniqueFd result;
  MonotonicTime deadline;
  MonotonicTime slow_at;  // when it has been running for long; max() once that was dealt with
  bool in_slow_place = false;
};

class RunningJobs {
 public:
  void Add(uint64_t worker, RunningJob running);
  // Of a worker that has one.
  RunningJob Take(uint64_t worker);
  RunningJob& At(uint64_t worker) { return running_.at(worker); }
  bool Has(uint64_t worker) const { return running_.contains(worker); }
  // Null when none has this id.
  Job* Find(WorkerPool::RequestId id);
  void MoveToSlowPlace(uint64_t worker);

  size_t size() const { return running_.size(); }
  size_t ordinary() const { return running_.size() - slow_; }
  size_t slow() const { return slow_; }
  // In ordinary places, and Job::IsBulk().
  size_t bulk() const;
  size_t CountOf(uint64_t source) const;
  // The worker of one in a slow place whose document has another, and is not `source`.
  std::optional<uint64_t> FindSecondOfADocument(uint64_t source) const;
  // Of those in slow places, in bytes, as of Job::MemoryNeed().
  uint64_t slow_memory() const { return slow_memory_; }

  // The workers of those past their deadline, or past slow_at.
  std::vector<uint64_t> Late(MonotonicTime now) const;
  std::vector<uint64_t> Slow(MonotonicTime now) const;
  std::vector<uint64_t> workers() const;
  // When either has something to tell.
  MonotonicTime NextTime() const;

 private:
  std::map<uint64_t, RunningJob> running_;
  size_t slow_ = 0;
  uint64_t slow_memory_ = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_RUNNING_JOBS_H_
