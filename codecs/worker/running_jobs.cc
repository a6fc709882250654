#include "codecs/worker/running_jobs.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace cbzfs {

void RunningJobs::Add(uint64_t worker, RunningJob running) {
  if (running.in_slow_place) {
    ++slow_;
    slow_memory_ += running.job->MemoryNeed();
  }
  running_.emplace(worker, std::move(running));
}

RunningJob RunningJobs::Take(uint64_t worker) {
  RunningJob running = std::move(running_.extract(worker).mapped());
  if (running.in_slow_place) {
    --slow_;
    slow_memory_ -= running.job->MemoryNeed();
  }
  return running;
}

Job* RunningJobs::Find(WorkerPool::RequestId id) {
  for (auto& [worker, running] : running_) {
    if (running.job->id == id) return running.job.get();
  }
  return nullptr;
}

void RunningJobs::MoveToSlowPlace(uint64_t worker) {
  RunningJob& running = At(worker);
  if (running.in_slow_place) return;
  running.in_slow_place = true;
  ++slow_;
  slow_memory_ += running.job->MemoryNeed();
}

size_t RunningJobs::bulk() const {
  return static_cast<size_t>(std::count_if(running_.begin(), running_.end(), [](const auto& entry) {
    return !entry.second.in_slow_place && entry.second.job->IsBulk();
  }));
}

size_t RunningJobs::CountOf(uint64_t source) const {
  return static_cast<size_t>(std::count_if(
      running_.begin(), running_.end(),
      [source](const auto& entry) { return entry.second.job->source->key() == source; }));
}

std::optional<uint64_t> RunningJobs::FindSecondOfADocument(uint64_t source) const {
  absl::flat_hash_set<uint64_t> seen = {source};
  std::optional<uint64_t> second;
  for (const auto& [worker, running] : running_) {
    const uint64_t key = running.job->source->key();
    if (!running.in_slow_place || key == source) continue;
    if (!seen.insert(key).second) second = worker;  // the newest worker has lost least
  }
  return second;
}

std::vector<uint64_t> RunningJobs::Late(MonotonicTime now) const {
  std::vector<uint64_t> late;
  for (const auto& [worker, running] : running_) {
    if (running.deadline <= now) late.push_back(worker);
  }
  return late;
}

std::vector<uint64_t> RunningJobs::Slow(MonotonicTime now) const {
  std::vector<uint64_t> slow;
  for (const auto& [worker, running] : running_) {
    if (running.slow_at <= now) slow.push_back(worker);
  }
  return slow;
}

std::vector<uint64_t> RunningJobs::workers() const {
  std::vector<uint64_t> workers;
  for (const auto& [worker, running] : running_) workers.push_back(worker);
  return workers;
}

MonotonicTime RunningJobs::NextTime() const {
  MonotonicTime next = MonotonicTime::max();
  for (const auto& [worker, running] : running_) {
    next = std::min({next, running.deadline, running.slow_at});
  }
  return next;
}

}  // namespace cbzfs
