// What becomes of a request whose try has failed: another try, or which failure; and which requests
// are not worth a worker at all.
//
// Everything is tried twice (failed_try.h). What failed for good is remembered, a document that
// costs workers in three places is put aside, both for WorkerPoolOptions::remember_failure.
//
// Logs how workers were lost: a document and a way of losing them once at level warn, again at
// level debug, so that one that takes a hundred makes few lines. Whose path that is the core says.
//
// One thread.

#ifndef CBZFS_CODECS_WORKER_TRIAGE_H_
#define CBZFS_CODECS_WORKER_TRIAGE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "codecs/worker/clock.h"
#include "codecs/worker/failed_try.h"
#include "codecs/worker/failure_memory.h"
#include "codecs/worker/job.h"
#include "codecs/worker/strikes.h"

namespace cbzfs {

class Triage {
 public:
  // So often a job may lose its worker with the zygote, which is no fault of either, before it is
  // given up.
  static constexpr int kMaxLostWithZygote = 5;
  static constexpr size_t kMaxLogged = 4096;

  explicit Triage(absl::Duration remember) : failures_(remember), strikes_(remember) {}

  // OK, or what the job fails with without a worker.
  absl::Status Recall(const Job& job, MonotonicTime now) const;
  absl::Status PutAside(uint64_t source, MonotonicTime now) const {
    return strikes_.Check(source, now);
  }
  // Whether the document cost a worker lately.
  bool IsSuspect(uint64_t source, MonotonicTime now) const { return strikes_.Has(source, now); }

  // A try of the job failed at the worker of this pid. Null: it shall be tried again. Else what it
  // failed with; that is remembered.
  std::optional<absl::Status> OnFailure(Job* job, FailedTry failed, pid_t pid, MonotonicTime now);
  // The job ran out of all the memory there is: what it failed with, which is remembered.
  absl::Status OnExhausted(const Job& job, const absl::Status& failure, MonotonicTime now);
  std::optional<absl::Status> OnLostWithZygote(Job* job);
  void OnSuccess(const Job& job);

  // Fills in what is counted here.
  void AddTo(WorkerPoolStats* stats, MonotonicTime now) const;

 private:
  void Count(const FailedTry& failed);
  void Log(const Job& job, const FailedTry& failed, pid_t pid);

  FailureMemory failures_;
  Strikes strikes_;
  uint64_t recovered_ = 0;
  uint64_t timeouts_ = 0;
  uint64_t crashed_ = 0;
  uint64_t sandboxed_ = 0;
  uint64_t killed_ = 0;
  absl::flat_hash_set<uint64_t> logged_;
  std::deque<uint64_t> logged_first_;  // exactly those of logged_, the oldest first
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_TRIAGE_H_
