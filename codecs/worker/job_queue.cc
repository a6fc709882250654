#include "codecs/worker/job_queue.h"

namespace cbzfs {

JobQueue::Lane& JobQueue::LaneOf(const Job& job) {
  if (job.slow || job.suspect) return slow_;
  return job.kind == Job::Kind::kDraw ? drawings_ : others_;
}

void JobQueue::Insert(std::unique_ptr<Job> job, int64_t order) {
  Lane* const lane = &LaneOf(*job);
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

template <typename Wanted>
std::vector<std::unique_ptr<Job>> JobQueue::TakeIf(Wanted wanted) {
  std::vector<std::unique_ptr<Job>> taken;
  for (Lane* const lane : {&others_, &drawings_, &slow_}) {
    for (auto next = lane->begin(); next != lane->end();) {
      if (wanted(*next->second)) {
        taken.push_back(Take(lane, &next));
      } else {
        ++next;
      }
    }
  }
  return taken;
}

std::vector<std::unique_ptr<Job>> JobQueue::TakeAllOf(uint64_t source) {
  return TakeIf([source](const Job& job) { return job.source->key() == source; });
}

std::vector<std::unique_ptr<Job>> JobQueue::TakeAll() {
  return TakeIf([](const Job&) { return true; });
}

void JobQueue::SetSuspect(uint64_t source, bool suspect) {
  std::vector<WorkerPool::RequestId> moving;
  const auto moves = [&](const Lane& lane) {
    for (const auto& [place, job] : lane) {
      if (job->source->key() == source && job->suspect != suspect) moving.push_back(job->id);
    }
  };
  moves(others_);
  moves(drawings_);
  moves(slow_);
  for (const WorkerPool::RequestId id : moving) {
    const int64_t order = places_.at(id).place.second;
    std::unique_ptr<Job> job = Take(id);
    job->suspect = suspect;
    Insert(std::move(job), order);
  }
}

}  // namespace cbzfs
