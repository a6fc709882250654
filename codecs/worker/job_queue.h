// What waits for a worker: by priority, and first come first served within one.
//
// Three lanes, because they are held up by different things: drawings by memory and by the worker
// that is kept free of them; the rest by neither; and what is slow, or may be so because of its
// document, by all that is slow already.
//
// One thread.

#ifndef CBZFS_CODECS_WORKER_JOB_QUEUE_H_
#define CBZFS_CODECS_WORKER_JOB_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "codecs/worker/job.h"

namespace cbzfs {

class JobQueue {
 public:
  // The order of service.
  using Place = std::pair<Priority, int64_t>;
  using Lane = std::map<Place, std::unique_ptr<Job>>;

  void PushBack(std::unique_ptr<Job> job) { Insert(std::move(job), next_back_++); }
  void PushFront(std::unique_ptr<Job> job) { Insert(std::move(job), next_front_--); }

  // Puts all of this document into the slow lane, or takes those out of it that are not Job::slow
  // themselves. Their order stays.
  void SetSuspect(uint64_t source, bool suspect);
  std::vector<std::unique_ptr<Job>> TakeAllOf(uint64_t source);
  std::vector<std::unique_ptr<Job>> TakeAll();

  // Moves it to the end of a priority that is served earlier. False when it is not here.
  bool Raise(WorkerPool::RequestId id, Priority priority);
  // Null when it is not here.
  std::unique_ptr<Job> Take(WorkerPool::RequestId id);
  // Takes what `next` stands at, and moves it on.
  std::unique_ptr<Job> Take(Lane* lane, Lane::iterator* next);

  Lane& drawings() { return drawings_; }
  Lane& others() { return others_; }
  Lane& slow() { return slow_; }
  size_t size() const { return places_.size(); }

 private:
  Lane& LaneOf(const Job& job);
  template <typename Wanted>
  std::vector<std::unique_ptr<Job>> TakeIf(Wanted wanted);
  void Insert(std::unique_ptr<Job> job, int64_t order);

  struct Position {
    Lane* lane;
    Place place;
  };
  Lane drawings_;
  Lane others_;
  Lane slow_;
  absl::flat_hash_map<WorkerPool::RequestId, Position> places_;
  int64_t next_back_ = 0;
  int64_t next_front_ = -1;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_JOB_QUEUE_H_
