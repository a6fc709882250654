#include "codecs/worker/dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "codecs/worker/answer.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/memory_keeper.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"

namespace cbzfs {

Dispatcher::Dispatcher(const WorkerPoolOptions& options, int epoll_fd, int stderr_fd)
    : options_(options),
      crew_({.program = options.worker_program,
             .limits = {.address_space_bytes = options.address_space_bytes,
                        .heap_bytes = options.heap_bytes,
                        .sandbox = options.sandbox},
             .max_workers = options.workers + size_t{1} + options.slow_workers,
             .stderr_fd = stderr_fd,
             .epoll_fd = epoll_fd}),
      triage_(options.remember_failure),
      memory_(options, options.memory_keeper) {}

void Dispatcher::Submit(std::unique_ptr<Job> job, MonotonicTime now) {
  absl::Status status = job->Check(options_.memory_bytes);
  if (status.ok()) status = triage_.Recall(*job, now);
  if (status.ok() && options_.memory_keeper != nullptr) {
    status = options_.memory_keeper->MayTake(job->MemoryNeed());
  }
  if (!status.ok()) {
    // Not a new failure: not counted as one.
    finished_.push_back({std::move(job), status});
    return;
  }
  job->suspect = IsSuspect(job->source->key(), now);
  queue_.PushBack(std::move(job));
}

void Dispatcher::Raise(WorkerPool::RequestId id, Priority priority) {
  if (queue_.Raise(id, priority)) return;
  // Should its worker die, it will be back in the queue.
  if (Job* const job = running_.Find(id)) {
    job->priority = std::min(job->priority, priority);
    job->abandoned = false;
  }
}

void Dispatcher::Cancel(WorkerPool::RequestId id, MonotonicTime now) {
  if (std::unique_ptr<Job> job = queue_.Take(id)) {
    FinishJob(std::move(job), absl::CancelledError("nobody waits any more"), now);
    return;
  }
  // Let finish; but a second try, should it need one, keeps nobody waiting.
  if (Job* const job = running_.Find(id)) {
    job->priority = Priority::kBackground;
    job->abandoned = true;
  }
}

void Dispatcher::TrimIdle(MonotonicTime now) { Replace(memory_.TakeIdle(), now); }

bool Dispatcher::FitsSlowMemory(const Job& job) const {
  return job.MemoryNeed() == 0 || running_.slow_memory() == 0 ||
         running_.slow_memory() + job.MemoryNeed() <= options_.memory_bytes / 2;
}

Dispatcher::Admission Dispatcher::AdmitOrdinary(const Job& job) {
  if (running_.ordinary() > options_.workers) return Admission::kHeldUp;
  if (job.IsBulk() && running_.bulk() >= options_.workers) return Admission::kHeldUp;
  if (job.IsPass() && running_.CountOf(job.source->key()) > 0) return Admission::kPass;
  if (memory_.Fits(job)) return Admission::kGo;
  memory_wanted_ = true;
  return Admission::kHeldUp;
}

Dispatcher::Admission Dispatcher::AdmitSlow(const Job& job) {
  if (running_.slow() >= options_.slow_workers) return Admission::kHeldUp;
  if (running_.CountOf(job.source->key()) > 0) return Admission::kPass;
  const bool fits = !memory_wanted_ && FitsSlowMemory(job) && memory_.Fits(job);
  return fits ? Admission::kGo : Admission::kHeldUp;
}

Dispatcher::Admission Dispatcher::Admit(const Job& job, bool slow, Worker** worker) {
  const Admission admission = slow ? AdmitSlow(job) : AdmitOrdinary(job);
  if (admission != Admission::kGo) return admission;
  // Where no worker can be started, an old one is better than none.
  const uint64_t after = crew_.failures() >= Crew::kHopeless ? 0 : job.after_worker;
  *worker = crew_.FindIdle(job.DocumentKey(), after, job.not_worker);
  if (*worker != nullptr) return Admission::kGo;
  return after > 0 ? Admission::kNeedsNewWorker : Admission::kNoWorker;
}

// Returns how many workers more would have had work at once.
size_t Dispatcher::AssignOrdinary(MonotonicTime now) {
  size_t wanted = 0;
  memory_wanted_ = false;
  JobQueue::Lane* const lanes[] = {&queue_.others(), &queue_.drawings()};
  JobQueue::Lane::iterator next[] = {lanes[0]->begin(), lanes[1]->begin()};
  while (true) {
    const bool has_other = next[0] != lanes[0]->end();
    const bool has_drawing = next[1] != lanes[1]->end();
    if (!has_other && !has_drawing) break;
    const int lane = has_other && (!has_drawing || next[0]->first <= next[1]->first) ? 0 : 1;
    Worker* worker = nullptr;
    switch (Admit(*next[lane]->second, /*slow=*/false, &worker)) {
      case Admission::kGo:
        if (!Assign(worker, queue_.Take(lanes[lane], &next[lane]), /*slow=*/false, now)) {
          // The job may be back at the front, and a worker less is there: look again.
          next[0] = lanes[0]->begin();
          next[1] = lanes[1]->begin();
          wanted = 0;
        }
        break;
      case Admission::kNeedsNewWorker:
        ++wanted;
        [[fallthrough]];
      case Admission::kPass:
        ++next[lane];
        break;
      case Admission::kNoWorker:
        wanted += lane == 0 ? lanes[0]->size()
                            : std::min(lanes[1]->size(), options_.workers - running_.bulk());
        [[fallthrough]];
      case Admission::kHeldUp:
        next[lane] = lanes[lane]->end();
        break;
    }
  }
  const size_t places = options_.workers + size_t{1};
  return std::min(wanted, places - std::min(places, running_.ordinary()));
}

// The same, of the slow lane. One more worker at a time is enough here.
size_t Dispatcher::AssignSlow(MonotonicTime now) {
  JobQueue::Lane& lane = queue_.slow();
  for (auto next = lane.begin(); next != lane.end();) {
    Worker* worker = nullptr;
    switch (Admit(*next->second, /*slow=*/true, &worker)) {
      case Admission::kGo:
        if (!Assign(worker, queue_.Take(&lane, &next), /*slow=*/true, now)) next = lane.begin();
        break;
      case Admission::kPass:
        ++next;
        break;
      case Admission::kNeedsNewWorker:
      case Admission::kNoWorker:
        return 1;
      case Admission::kHeldUp:
        return 0;
    }
  }
  return 0;
}

void Dispatcher::Replace(const std::vector<uint64_t>& workers, MonotonicTime now) {
  for (const uint64_t number : workers) crew_.Dismiss(number, Crew::Why::kRecycled, now);
}

bool Dispatcher::Assign(Worker* worker, std::unique_ptr<Job> job, bool slow, MonotonicTime now) {
  UniqueFd result;
  if (const uint64_t capacity = job->ResultCapacity(); capacity > 0) {
    absl::StatusOr<UniqueFd> made = MakeResultFile(capacity);
    if (!made.ok()) {
      FinishJob(std::move(job), absl::UnavailableError(made.status().message()), now);
      return false;
    }
    result = *std::move(made);
  }
  Replace(memory_.InTheWay(*job, worker->number), now);
  proto::Request request = MakeRequest(*job);
  request.set_data_limit(memory_.Begin(*job, worker->number, worker->pid));
  absl::InlinedVector<int, kMaxDescriptors> descriptors = {job->source->fd()};
  if (result.valid()) descriptors.push_back(result.get());
  if (job->analysis.sidecar != nullptr) descriptors.push_back(job->analysis.sidecar->fd());
  const absl::Status sent = SendMessage(worker->socket.get(), request, descriptors, Wait::kNo);
  if (!sent.ok()) memory_.End(worker->number);
  if (absl::IsInternal(sent)) {  // the source's descriptor, or the system's limits
    FinishJob(std::move(job), absl::UnavailableError(sent.message()), now);
    return false;
  }
  if (!sent.ok()) {  // it died idle, before it saw this job: no fault of the job's
    crew_.Dismiss(worker->number, Crew::Why::kUnasked, now);
    queue_.PushFront(std::move(job));
    return false;
  }
  crew_.StartWork(worker, job->DocumentKey());
  const absl::Duration deadline = job->Deadline(options_);
  running_.Add(worker->number, {.job = std::move(job),
                                .result = std::move(result),
                                .deadline = After(now, deadline),
                                .slow_at = After(now, options_.slow_after),
                                .in_slow_place = slow});
  return true;
}

void Dispatcher::HireFor(size_t wanted, MonotonicTime now) {
  const size_t starting = crew_.Count(Worker::State::kStarting);
  if (wanted > 0 && starting == 0 && crew_.size() >= crew_.max_workers()) {
    // All there are are idle or busy, and the idle ones are too old for a second try.
    if (Worker* const old = crew_.FindIdle(0, 0, 0)) {
      crew_.Dismiss(old->number, Crew::Why::kRecycled, now);
    }
  }
  if (crew_.size() == 0) wanted = std::max<size_t>(wanted, 1);  // one is always kept
  wanted = std::min(wanted, crew_.max_workers());
  hiring_ = wanted > starting;
  for (size_t i = starting; i < wanted; ++i) crew_.Hire(now);
}

void Dispatcher::GiveUpWithoutWorkers(MonotonicTime now) {
  if (crew_.failures() < Crew::kHopeless || crew_.size() > 0) return;
  const absl::Status failure = absl::UnavailableError(
      absl::StrCat("no worker can be started: ", crew_.last_failure().message()));
  for (std::unique_ptr<Job>& job : queue_.TakeAll()) {
    FinishJob(std::move(job), failure, now);
  }
}

void Dispatcher::Schedule(MonotonicTime now) {
  memory_.KeepOnly([this](uint64_t number) { return crew_.Find(number) != nullptr; });
  size_t wanted = 0;
  size_t finished = 0;
  do {
    finished = finished_.size();
    wanted = AssignOrdinary(now);
    wanted += AssignSlow(now);
    // A job that failed here may have been what kept others of its document in the slow lane.
  } while (finished_.size() > finished);
  HireFor(wanted, now);
  GiveUpWithoutWorkers(now);
}

MonotonicTime Dispatcher::NextTime() const {
  if (crew_.has_deaths()) return MonotonicTime();  // at once
  return std::min(crew_.NextTime(hiring_), running_.NextTime());
}

std::vector<Dispatcher::Finished> Dispatcher::TakeFinished() {
  return std::exchange(finished_, {});
}

WorkerPoolStats Dispatcher::stats(MonotonicTime now) const {
  WorkerPoolStats stats = counters_;
  triage_.AddTo(&stats, now);
  stats.alive =
      static_cast<uint32_t>(crew_.Count(Worker::State::kIdle) + crew_.Count(Worker::State::kBusy));
  stats.restarts = crew_.restarts();
  stats.waiting = static_cast<uint32_t>(queue_.size());
  stats.running = static_cast<uint32_t>(running_.size());
  stats.slow = static_cast<uint32_t>(running_.slow());
  stats.memory_reserved = memory_.given();
  stats.memory_idle = memory_.idle();
  stats.memory_limit = options_.memory_bytes;
  stats.sandbox = crew_.sandbox();
  return stats;
}

void Dispatcher::Shutdown(MonotonicTime now) {
  crew_.DismissAll();
  const absl::Status stopped = absl::CancelledError("the filesystem is being unmounted");
  for (const uint64_t worker : running_.workers()) {
    FinishJob(TakeRunning(worker), stopped, now);
  }
  for (std::unique_ptr<Job>& job : queue_.TakeAll()) FinishJob(std::move(job), stopped, now);
}

}  // namespace cbzfs
