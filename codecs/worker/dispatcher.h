// Which request goes to which worker when, and what becomes of its answer: the pool without its
// thread and its lock.
//
// N workers draw; one more is there for what somebody waits for at a stat or in a listing, so that
// this never waits behind drawings (Job::IsBulk). A request starts when the memory it takes
// is free (MemoryAccount); while the first drawing in the queue waits for memory no other overtakes
// it. Nothing here calls back: what is finished is collected by TakeFinished().
//
// One thread, the pool's.

#ifndef CBZFS_CODECS_WORKER_DISPATCHER_H_
#define CBZFS_CODECS_WORKER_DISPATCHER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/worker/clock.h"
#include "codecs/worker/crew.h"
#include "codecs/worker/failure_memory.h"
#include "codecs/worker/job.h"
#include "codecs/worker/job_queue.h"
#include "codecs/worker/memory_account.h"
#include "codecs/worker/protocol.pb.h"
#include "codecs/worker/worker_pool.h"

namespace cbzfs {

class Dispatcher {
 public:
  struct Finished {
    std::unique_ptr<Job> job;
    absl::StatusOr<Job::Answer> answer;
  };

  // `options.workers` is at least 1 here.
  Dispatcher(const WorkerPoolOptions& options, int epoll_fd, int stderr_fd);

  void Submit(std::unique_ptr<Job> job, MonotonicTime now);
  void Raise(WorkerPool::RequestId id, Priority priority);
  void Cancel(WorkerPool::RequestId id);
  void TrimIdle(MonotonicTime now);

  // Gives work to workers and starts more where they are wanted. Call after anything else here.
  void Schedule(MonotonicTime now);

  // An epoll event of the crew's.
  void OnEvent(uint64_t tag, MonotonicTime now);
  void OnTime(MonotonicTime now);
  // When OnTime() and Schedule() are due.
  MonotonicTime NextTime() const;

  std::vector<Finished> TakeFinished();
  WorkerPoolStats stats() const;
  const Crew& crew() const { return crew_; }

  // Kills the workers and finishes everything with kCancelled.
  void Shutdown();

 private:
  struct Running {
    std::unique_ptr<Job> job;
    UniqueFd result;
    MonotonicTime deadline;
  };
  enum class Verdict { kGo, kHeldUp, kNoWorker, kNeedsNewWorker };

  size_t BulkRunning() const;
  Verdict Judge(const Job& job, Worker** worker);
  size_t AssignWhatCanBe(MonotonicTime now);
  void Replace(const std::vector<uint64_t>& workers, MonotonicTime now);
  bool Assign(Worker* worker, std::unique_ptr<Job> job, MonotonicTime now);
  void HireFor(size_t wanted, MonotonicTime now);
  void GiveUpWithoutWorkers();

  void OnReply(Worker* worker, MonotonicTime now);
  void OnLost(uint64_t number, const absl::Status& why, MonotonicTime now);
  std::unique_ptr<Job> TakeRunning(uint64_t number, UniqueFd* result);
  uint64_t& CounterOf(Finish finish);
  void FinishJob(std::unique_ptr<Job> job, absl::StatusOr<Job::Answer> answer);

  const WorkerPoolOptions options_;
  Crew crew_;
  JobQueue queue_;
  FailureMemory failures_;
  MemoryAccount memory_;
  std::map<uint64_t, Running> running_;  // by worker
  bool hiring_ = false;                  // more workers are wanted than there are
  std::vector<Finished> finished_;
  WorkerPoolStats counters_;  // those that only grow
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_DISPATCHER_H_
