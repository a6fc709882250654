// Which request goes to which worker when, and what becomes of its answer: the pool without its
// thread and its lock.
//
// N workers draw; one more is there for what somebody waits for at a stat or in a listing, so that
// this never waits behind drawings (Job::IsBulk). A request starts when the memory it
// takes is free (MemoryAccount); while the first drawing in its lane waits for memory no other of
// the lane overtakes it.
//
// What has been at its worker for slow_after moves to one of the slow places, or, when these or
// their half of the memory are taken, back into the queue's slow lane, from which it starts only
// into such a place. So does all else of its document, and of one that has cost a worker: one at a
// time. Nothing starts from the slow lane while a drawing of the ordinary one waits for memory.
//
// Nothing here calls back: what is finished is collected by TakeFinished().
//
// One thread, the pool's.

#ifndef CBZFS_CODECS_WORKER_DISPATCHER_H_
#define CBZFS_CODECS_WORKER_DISPATCHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "codecs/worker/clock.h"
#include "codecs/worker/crew.h"
#include "codecs/worker/job.h"
#include "codecs/worker/job_queue.h"
#include "codecs/worker/memory_account.h"
#include "codecs/worker/running_jobs.h"
#include "codecs/worker/triage.h"
#include "codecs/worker/worker_pool.h"

namespace cbzfs {

class Dispatcher {
 public:
  struct Finished {
    std::unique_ptr<Job> job;
    absl::StatusOr<Job::Answer> answer;
  };

  // `options.workers` and `options.slow_workers` are at least 1 here.
  Dispatcher(const WorkerPoolOptions& options, int epoll_fd, int stderr_fd);

  void Submit(std::unique_ptr<Job> job, MonotonicTime now);
  void Raise(WorkerPool::RequestId id, Priority priority);
  void Cancel(WorkerPool::RequestId id, MonotonicTime now);
  void TrimIdle(MonotonicTime now);

  // Gives work to workers and starts more where they are wanted. Call after anything else here.
  void Schedule(MonotonicTime now);

  // An epoll event of the crew's.
  void OnEvent(uint64_t tag, MonotonicTime now);
  void OnTime(MonotonicTime now);
  // When OnTime() and Schedule() are due.
  MonotonicTime NextTime() const;

  std::vector<Finished> TakeFinished();
  WorkerPoolStats stats(MonotonicTime now) const;
  const Crew& crew() const { return crew_; }

  // Kills the workers and finishes everything with kCancelled.
  void Shutdown(MonotonicTime now);

 private:
  // kPass: it waits for something of its own, those behind it need not.
  enum class Admission { kGo, kPass, kHeldUp, kNoWorker, kNeedsNewWorker };

  bool FitsSlowMemory(const Job& job) const;
  Admission AdmitOrdinary(const Job& job);
  Admission AdmitSlow(const Job& job);
  Admission Admit(const Job& job, bool slow, Worker** worker);
  size_t AssignOrdinary(MonotonicTime now);
  size_t AssignSlow(MonotonicTime now);
  void Replace(const std::vector<uint64_t>& workers, MonotonicTime now);
  bool Assign(Worker* worker, std::unique_ptr<Job> job, bool slow, MonotonicTime now);
  void HireFor(size_t wanted, MonotonicTime now);
  void GiveUpWithoutWorkers(MonotonicTime now);

  void OnReply(Worker* worker, MonotonicTime now);
  void OnAnswer(Worker* worker, absl::StatusOr<Job::Answer> answer, MonotonicTime now);
  // The worker is dismissed for what it did.
  void OnCulprit(uint64_t number, const FailedTry& failed, MonotonicTime now);
  void HearOfDeaths(MonotonicTime now);
  void OnFailure(std::unique_ptr<Job> job, const FailedTry& failed, pid_t pid, MonotonicTime now);
  void OnSlow(uint64_t number, MonotonicTime now);
  void TakeOff(uint64_t number, MonotonicTime now);
  void RecycleIfNotNeeded(Worker* worker, MonotonicTime now);
  // The job of a worker that has one; its memory is free again.
  std::unique_ptr<Job> TakeRunning(uint64_t number);

  bool IsSuspect(uint64_t source, MonotonicTime now) const;
  void MarkSlow(Job* job, MonotonicTime now);
  void TryAgain(std::unique_ptr<Job> job, MonotonicTime now);
  uint64_t& CounterOf(const Job& job);
  void FinishJob(std::unique_ptr<Job> job, absl::StatusOr<Job::Answer> answer, MonotonicTime now);

  const WorkerPoolOptions options_;
  Crew crew_;
  JobQueue queue_;
  RunningJobs running_;
  Triage triage_;
  MemoryAccount memory_;
  absl::flat_hash_map<uint64_t, size_t> slow_jobs_;  // how many are Job::slow, by source
  bool memory_wanted_ = false;  // the first of the ordinary drawings waits for some
  bool hiring_ = false;         // more workers are wanted than there are
  std::vector<Finished> finished_;
  WorkerPoolStats counters_;  // those that only grow
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_DISPATCHER_H_
