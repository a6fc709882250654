// Who among the workers has how much of the memory budget.
//
// A job is given an amount (Job::MemoryNeed(), or all of the budget) before it starts, and its
// worker holds itself to that: RLIMIT_DATA counts what a process may have of private writable
// memory (setrlimit(2)), which is the heap. So the sum stays under the budget whatever a document
// asks for. (That the worker does it itself needs no privilege, which a daemon in a container has
// not. One that a document has taken over could go up to WorkerPoolOptions::heap_bytes, its hard
// limit.) A job that needs more than was guessed fails for want of memory and is given all of it,
// alone, the second time; the idle workers go then, and what they would have taken is its as well.
//
// An idle worker holds memory too (up to 96 MiB of heap that is kept to spare page faults, see
// worker_main.cc, and what its documents take): it counts, and where room is wanted such workers
// are named for replacement, which takes 3 ms. Finished pages have what is left of the budget
// (MemoryKeeper::Fit) and give way last.
//
// Analyses and probes that somebody waits for are never behind drawings: where the budget is used
// up, one at a time may have kReserve, which the caller keeps apart from the budget.
//
// One thread, the pool's.

#ifndef CBZFS_CODECS_WORKER_MEMORY_ACCOUNT_H_
#define CBZFS_CODECS_WORKER_MEMORY_ACCOUNT_H_

#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "codecs/worker/job.h"
#include "codecs/worker/worker_pool.h"

namespace cbzfs {

class MemoryAccount {
 public:
  // What an analysis that ran out of memory may have, be the budget smaller: sizes follow from the
  // file and the options alone, never from how much memory a mount has. Far more than any honest
  // one takes, which decodes no image that holds more than 64 MiB.
  static constexpr uint64_t kLeastForAnalysis = 256ull << 20;

  // `keeper` may be null: nothing else counts.
  MemoryAccount(const WorkerPoolOptions& options, MemoryKeeper* keeper)
      : limit_(options.memory_bytes),
        alone_(std::min(std::max(options.memory_bytes, options.alone_bytes), options.heap_bytes)),
        heap_bytes_(options.heap_bytes),
        reserve_(options.reserve_bytes),
        keeper_(keeper) {}

  // Idle workers for which `lives` is false have gone, and their memory with them.
  void KeepOnly(const std::function<bool(uint64_t worker)>& lives);

  // Whether the job may start now, if idle workers and finished pages make room as far as they can.
  bool Fits(const Job& job);

  // The idle workers to be replaced before `job` starts at `worker`, none if there is room.
  std::vector<uint64_t> InTheWay(const Job& job, uint64_t worker) const;

  // The job starts, or stops being, at the worker. Begin() returns the RLIMIT_DATA that the worker
  // shall hold itself to, in bytes; 0: as before.
  uint64_t Begin(const Job& job, uint64_t worker, pid_t pid);
  void End(uint64_t worker);

  // The worker is idle and holds so many bytes. Returns the idle workers to be replaced so that all
  // of them together hold at most a quarter of the budget.
  std::vector<uint64_t> SetIdle(uint64_t worker, uint64_t bytes);

  // All idle workers that hold anything.
  std::vector<uint64_t> TakeIdle();

  // The job failed for want of memory while it did not have all there is.
  bool HasMoreFor(const Job& job) const;
  // What to say of a job that failed so with all there is.
  absl::Status RefusalOf(const absl::Status& failure) const;

  // What jobs have been given, and what idle workers hold, in bytes.
  uint64_t given() const { return given_; }
  uint64_t idle() const;

 private:
  struct Given {
    uint64_t bytes = 0;
    bool from_reserve = false;
  };

  uint64_t AllFor(const Job& job) const;
  uint64_t NeedOf(const Job& job) const;
  bool FitsBudget(const Job& job) const;
  // Hands what is left to the finished pages; what they hold all the same.
  uint64_t Share(uint64_t taken) const;

  const uint64_t limit_;
  const uint64_t alone_;  // for a job that wants all
  const uint64_t heap_bytes_;
  const uint64_t reserve_;
  MemoryKeeper* const keeper_;
  std::map<uint64_t, Given> running_;   // by worker
  std::map<uint64_t, uint64_t> idle_;   // by worker: bytes
  std::map<uint64_t, uint64_t> bases_;  // by worker: RLIMIT_DATA that it took before its first job
  uint64_t given_ = 0;
  // While one waits, what is no drawing keeps to the reserve, or it might wait for ever.
  bool drawing_waits_ = false;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_MEMORY_ACCOUNT_H_
