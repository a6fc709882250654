#include "codecs/worker/job_queue.h"

namespace cbzfs {

void JobQueue::Insert(std::unique_ptr<Job> job, int64_t order) {
  Lane* const lane = &LaneOf(job->kind);
  const Place place(job->priority, order);
  places_[job->id] = {lane, place};
  lane->emplace(place, std::move(job));
}

bool JobQueue::Raise(WorkerPool::RequestId id, Priority priority) {
  const auto found = places_.find(id);
  if (found == places_.end()) return false;
  if (found->second.place.first <= priority) return true;
  std::unique_ptr<Job> job = Take(id);
  job->priority = priority;
  PushBack(std::move(job));
  return true;
}

std::unique_ptr<Job> JobQueue::Take(WorkerPool::RequestId id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return nullptr;
  auto node = found->second.lane->extract(found->second.place);
  places_.erase(found);
  return std::move(node.mapped());
}

std::unique_ptr<Job> JobQueue::Take(Lane* lane, Lane::iterator* next) {
  auto node = lane->extract((*next)++);
  places_.erase(node.mapped()->id);
  return std::move(node.mapped());
}

}  // namespace cbzfs
