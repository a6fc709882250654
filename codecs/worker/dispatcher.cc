#include "codecs/worker/dispatcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/worker/answer.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/failure.h"
#include "codecs/worker/memory_keeper.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"

namespace cbzfs {
namespace {

// A payload is a JPEG of at most 50 megapixels; this is far beyond any.
constexpr uint64_t kMaxPayload = 1ull << 30;

absl::Status CheckJob(const Job& job, uint64_t memory_bytes) {
  if (job.source == nullptr) return absl::InvalidArgumentError("no source");
  if (job.kind != Job::Kind::kDraw) return absl::OkStatus();
  const DrawRequest& draw = job.draw;
  if (draw.finish == Finish::kEntry) {
    if (draw.entry_bytes == 0) return absl::InvalidArgumentError("an empty entry");
    // All of it is held at once, here and at the worker: unlike a page it may be of any size, and
    // so it is not let in alone when it is over the limit.
    if (draw.entry_bytes > kMaxPayload || job.MemoryNeed() > memory_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("an entry of ", draw.entry_bytes >> 20,
                       " MiB takes more memory to unpack than -o memory= leaves beside the cache"));
    }
    return absl::OkStatus();
  }
  if (draw.max_payload == 0 || draw.max_payload > kMaxPayload || draw.row.width > kMaxPageSide ||
      draw.row.height > kMaxPageSide) {
    return absl::InvalidArgumentError("an impossible page");
  }
  return absl::OkStatus();
}

// An image too large to be kept is decoded three times: for its statistics, for the quality that
// fills its slot, and for the JPEG.
constexpr int kPasses = 3;

absl::Duration DeadlineOf(const Job& job, const WorkerPoolOptions& options) {
  switch (job.kind) {
    case Job::Kind::kProbe:
      return options.probe_deadline;
    case Job::Kind::kAnalyse:
      return options.analyse_deadline;
    case Job::Kind::kDraw: {
      const bool many = job.draw.finish == Finish::kEnhanced &&
                        uint64_t{job.draw.row.width} * job.draw.row.height > kMaxKeptPixels;
      return options.draw_deadline * (many ? kPasses : 1);
    }
  }
  return options.draw_deadline;
}

// Resident memory that is not a mapped file: sources are mapped and are nobody's burden. 0 when
// /proc does not say; the pid may even be another's by now, which costs a worker at the worst.
uint64_t MemoryOf(pid_t pid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  const UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  char text[128] = {};
  if (!fd.valid() || read(fd.get(), text, sizeof text - 1) <= 0) return 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  if (sscanf(text, "%*u %lu %lu", &resident, &shared) != 2 || shared > resident) return 0;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

Dispatcher::Dispatcher(const WorkerPoolOptions& options, int epoll_fd, int stderr_fd)
    : options_(options),
      crew_({.program = options.worker_program,
             .limits = {.address_space_bytes = options.address_space_bytes,
                        .heap_bytes = options.heap_bytes},
             .max_workers = options.workers + size_t{1},
             .stderr_fd = stderr_fd,
             .epoll_fd = epoll_fd}),
      failures_(options.remember_failure),
      memory_(options, options.memory_keeper) {}

void Dispatcher::Submit(std::unique_ptr<Job> job, MonotonicTime now) {
  absl::Status status = CheckJob(*job, options_.memory_bytes);
  if (status.ok()) status = failures_.Recall(*job, now);
  if (status.ok() && options_.memory_keeper != nullptr) {
    status = options_.memory_keeper->MayTake(job->MemoryNeed());
  }
  if (!status.ok()) {
    // Not a new failure: not counted as one.
    finished_.push_back({std::move(job), status});
    return;
  }
  queue_.PushBack(std::move(job));
}

void Dispatcher::Raise(WorkerPool::RequestId id, Priority priority) {
  if (queue_.Raise(id, priority)) return;
  // Should its worker die, it will be back in the queue.
  for (auto& [number, running] : running_) {
    if (running.job->id == id) running.job->priority = std::min(running.job->priority, priority);
  }
}

void Dispatcher::Cancel(WorkerPool::RequestId id) {
  if (std::unique_ptr<Job> job = queue_.Take(id)) {
    FinishJob(std::move(job), absl::CancelledError("nobody waits any more"));
    return;
  }
  // Let finish; but a second try, should it need one, keeps nobody waiting.
  for (auto& [number, running] : running_) {
    if (running.job->id == id) running.job->priority = Priority::kBackground;
  }
}

void Dispatcher::TrimIdle(MonotonicTime now) { Replace(memory_.TakeIdle(), now); }

size_t Dispatcher::BulkRunning() const {
  return static_cast<size_t>(std::count_if(running_.begin(), running_.end(), [](const auto& entry) {
    return entry.second.job->IsBulk();
  }));
}

Dispatcher::Verdict Dispatcher::Judge(const Job& job, Worker** worker) {
  if (job.IsBulk() && BulkRunning() >= options_.workers) return Verdict::kHeldUp;
  if (!memory_.Fits(job)) return Verdict::kHeldUp;
  // Where no worker can be started, an old one is better than none.
  const uint64_t after = crew_.failures() >= Crew::kHopeless ? 0 : job.after_worker;
  *worker = crew_.FindIdle(job.DocumentKey(), after);
  if (*worker != nullptr) return Verdict::kGo;
  return after > 0 ? Verdict::kNeedsNewWorker : Verdict::kNoWorker;
}

// Returns how many workers more would have had work at once.
size_t Dispatcher::AssignWhatCanBe(MonotonicTime now) {
  size_t wanted = 0;
  JobQueue::Lane* const lanes[] = {&queue_.others(), &queue_.drawings()};
  JobQueue::Lane::iterator next[] = {lanes[0]->begin(), lanes[1]->begin()};
  while (true) {
    const bool has_other = next[0] != lanes[0]->end();
    const bool has_drawing = next[1] != lanes[1]->end();
    if (!has_other && !has_drawing) return wanted;
    const int lane = has_other && (!has_drawing || next[0]->first <= next[1]->first) ? 0 : 1;
    Worker* worker = nullptr;
    switch (Judge(*next[lane]->second, &worker)) {
      case Verdict::kGo:
        if (!Assign(worker, queue_.Take(lanes[lane], &next[lane]), now)) {
          // The job may be back at the front, and a worker less is there: look again.
          next[0] = lanes[0]->begin();
          next[1] = lanes[1]->begin();
          wanted = 0;
        }
        break;
      case Verdict::kNeedsNewWorker:
        ++wanted;
        ++next[lane];
        break;
      case Verdict::kNoWorker:
        wanted += lane == 0 ? lanes[0]->size()
                            : std::min(lanes[1]->size(), options_.workers - BulkRunning());
        [[fallthrough]];
      case Verdict::kHeldUp:
        next[lane] = lanes[lane]->end();
        break;
    }
  }
}

void Dispatcher::Replace(const std::vector<uint64_t>& workers, MonotonicTime now) {
  for (const uint64_t number : workers) crew_.Dismiss(number, Crew::Why::kRecycled, now);
}

bool Dispatcher::Assign(Worker* worker, std::unique_ptr<Job> job, MonotonicTime now) {
  UniqueFd result;
  if (const uint64_t capacity = job->ResultCapacity(); capacity > 0) {
    absl::StatusOr<UniqueFd> made = MakeResultFile(capacity);
    if (!made.ok()) {
      FinishJob(std::move(job), absl::UnavailableError(absl::StrCat(made.status().message())));
      return false;
    }
    result = *std::move(made);
  }
  Replace(memory_.InTheWay(*job, worker->number), now);
  memory_.Begin(*job, worker->number, worker->pid);
  const int descriptors[] = {job->source->fd(), result.get()};
  const absl::Status sent =
      SendMessage(worker->socket.get(), MakeRequest(*job),
                  absl::MakeConstSpan(descriptors, result.valid() ? 2 : 1), Wait::kNo);
  if (!sent.ok()) memory_.End(worker->number);
  if (absl::IsInternal(sent)) {  // the source's descriptor, or the system's limits
    FinishJob(std::move(job), absl::UnavailableError(absl::StrCat(sent.message())));
    return false;
  }
  if (!sent.ok()) {  // it died idle, before it saw this job: no fault of the job's
    crew_.Dismiss(worker->number, Crew::Why::kUnasked, now);
    queue_.PushFront(std::move(job));
    return false;
  }
  crew_.StartWork(worker, job->DocumentKey());
  const MonotonicTime deadline = After(now, DeadlineOf(*job, options_));
  running_[worker->number] = {std::move(job), std::move(result), deadline};
  return true;
}

void Dispatcher::HireFor(size_t wanted, MonotonicTime now) {
  const size_t starting = crew_.Count(Worker::State::kStarting);
  if (wanted > 0 && starting == 0 && crew_.size() >= crew_.max_workers()) {
    // All there are are idle or busy, and the idle ones are too old for a second try.
    if (Worker* const old = crew_.FindIdle(0, 0)) {
      crew_.Dismiss(old->number, Crew::Why::kRecycled, now);
    }
  }
  if (crew_.size() == 0) wanted = std::max<size_t>(wanted, 1);  // one is always kept
  wanted = std::min(wanted, crew_.max_workers());
  hiring_ = wanted > starting;
  for (size_t i = starting; i < wanted; ++i) crew_.Hire(now);
}

void Dispatcher::GiveUpWithoutWorkers() {
  if (crew_.failures() < Crew::kHopeless || crew_.size() > 0) return;
  const absl::Status failure = absl::UnavailableError(
      absl::StrCat("no worker can be started: ", crew_.last_failure().message()));
  for (JobQueue::Lane* lane : {&queue_.others(), &queue_.drawings()}) {
    for (auto next = lane->begin(); next != lane->end();) {
      FinishJob(queue_.Take(lane, &next), failure);
    }
  }
}

void Dispatcher::Schedule(MonotonicTime now) {
  memory_.KeepOnly([this](uint64_t number) { return crew_.Find(number) != nullptr; });
  HireFor(AssignWhatCanBe(now), now);
  GiveUpWithoutWorkers();
}

void Dispatcher::OnEvent(uint64_t tag, MonotonicTime now) {
  if (tag == Crew::kZygoteTag) return crew_.OnZygote(now);
  Worker* const worker = crew_.Find(tag);
  if (worker == nullptr) return;  // went in the same round of events
  switch (worker->state) {
    case Worker::State::kStarting:
      return crew_.OnStarting(worker, now);
    case Worker::State::kIdle:  // it died, or spoke unasked
      return crew_.Dismiss(tag, Crew::Why::kUnasked, now);
    case Worker::State::kBusy:
      return OnReply(worker, now);
  }
}

void Dispatcher::OnReply(Worker* worker, MonotonicTime now) {
  proto::Reply reply;
  const absl::Status received = ReceiveMessage(worker->socket.get(), 0, Wait::kNo, &reply).status();
  if (absl::IsResourceExhausted(received)) return;
  const uint64_t number = worker->number;
  if (absl::IsUnavailable(received)) {
    return OnLost(number, absl::UnavailableError("the worker died"), now);
  }
  const Running& running = running_.at(number);
  if (!received.ok() || reply.id() != running.job->id || !proto::Code_IsValid(reply.code())) {
    return OnLost(number, absl::DataLossError("the worker's answer made no sense"), now);
  }
  absl::StatusOr<Job::Answer> answer = reply.code() == proto::OK
                                           ? ReadAnswer(*running.job, reply, running.result.get())
                                           : absl::StatusOr<Job::Answer>(FailureOf(reply));
  if (!answer.ok() && reply.code() == proto::OK) return OnLost(number, answer.status(), now);

  UniqueFd result;
  std::unique_ptr<Job> job = TakeRunning(number, &result);
  crew_.EndWork(worker);
  Replace(memory_.SetIdle(number, MemoryOf(worker->pid)), now);
  if (absl::IsResourceExhausted(answer.status())) {
    if (memory_.HasMoreFor(*job)) {
      job->wants_all_memory = true;
      return queue_.PushFront(std::move(job));
    }
    // Not tried a third time soon: nobody else draws while it has all the memory.
    answer = memory_.RefusalOf(answer.status());
    failures_.Remember(*job, answer.status(), now);
  }
  if (LiesInThePage(answer.status())) failures_.Remember(*job, answer.status(), now);
  FinishJob(std::move(job), std::move(answer));
}

// The worker died at its job, or has to.
void Dispatcher::OnLost(uint64_t number, const absl::Status& why, MonotonicTime now) {
  UniqueFd result;
  std::unique_ptr<Job> job = TakeRunning(number, &result);
  crew_.Dismiss(number, Crew::Why::kUnasked, now);
  if (++job->deaths >= 2) {
    failures_.Remember(*job, why, now);
    return FinishJob(std::move(job), why);
  }
  job->after_worker = crew_.newest();
  queue_.PushFront(std::move(job));
}

std::unique_ptr<Job> Dispatcher::TakeRunning(uint64_t number, UniqueFd* result) {
  auto node = running_.extract(number);
  Running& running = node.mapped();
  memory_.End(number);
  *result = std::move(running.result);
  return std::move(running.job);
}

uint64_t& Dispatcher::CounterOf(Finish finish) {
  switch (finish) {
    case Finish::kPage:
      return counters_.drawn;
    case Finish::kEnhanced:
      return counters_.enhanced;
    case Finish::kThumbnail:
      return counters_.thumbnails;
    case Finish::kEntry:
      return counters_.entries;
  }
  return counters_.drawn;
}

void Dispatcher::FinishJob(std::unique_ptr<Job> job, absl::StatusOr<Job::Answer> answer) {
  if (!answer.ok()) {
    if (!absl::IsCancelled(answer.status())) ++counters_.failed;
  } else if (job->kind == Job::Kind::kDraw) {
    ++CounterOf(job->draw.finish);
  } else if (job->kind == Job::Kind::kAnalyse) {
    ++counters_.analysed;
  } else {
    ++counters_.probed;
  }
  finished_.push_back({std::move(job), std::move(answer)});
}

void Dispatcher::OnTime(MonotonicTime now) {
  std::vector<uint64_t> late;
  for (const auto& [number, running] : running_) {
    if (running.deadline <= now) late.push_back(number);
  }
  for (const uint64_t number : late) {
    ++counters_.timeouts;
    OnLost(number, absl::DeadlineExceededError("the worker took too long"), now);
  }
  crew_.OnTime(now);
}

MonotonicTime Dispatcher::NextTime() const {
  MonotonicTime next = crew_.NextTime(hiring_);
  for (const auto& [number, running] : running_) next = std::min(next, running.deadline);
  return next;
}

std::vector<Dispatcher::Finished> Dispatcher::TakeFinished() {
  return std::exchange(finished_, {});
}

WorkerPoolStats Dispatcher::stats() const {
  WorkerPoolStats stats = counters_;
  stats.alive = static_cast<uint32_t>(crew_.size() - crew_.Count(Worker::State::kStarting));
  stats.restarts = crew_.restarts();
  stats.waiting = static_cast<uint32_t>(queue_.size());
  stats.running = static_cast<uint32_t>(running_.size());
  stats.memory_reserved = memory_.given();
  stats.memory_idle = memory_.idle();
  stats.memory_limit = options_.memory_bytes;
  return stats;
}

void Dispatcher::Shutdown() {
  crew_.DismissAll();
  const absl::Status stopped = absl::CancelledError("the filesystem is being unmounted");
  while (!running_.empty()) {
    UniqueFd result;
    FinishJob(TakeRunning(running_.begin()->first, &result), stopped);
  }
  for (JobQueue::Lane* lane : {&queue_.others(), &queue_.drawings()}) {
    for (auto next = lane->begin(); next != lane->end();) {
      FinishJob(queue_.Take(lane, &next), stopped);
    }
  }
}

}  // namespace cbzfs
