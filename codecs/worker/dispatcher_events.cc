// The dispatcher's other half: what workers do, and what becomes of their jobs.

#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/worker/answer.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/dispatcher.h"
#include "codecs/worker/process.h"
#include "codecs/worker/protocol.h"

namespace cbzfs {

void Dispatcher::OnEvent(uint64_t tag, MonotonicTime now) {
  if (tag == Crew::kZygoteTag) {
    crew_.OnZygote(now);
    return HearOfDeaths(now);
  }
  Worker* const worker = crew_.Find(tag);
  if (worker == nullptr) return;  // went in the same round of events
  switch (worker->state) {
    case Worker::State::kStarting:
      return crew_.OnStarting(worker, now);
    case Worker::State::kIdle:  // it died, or spoke unasked
      return crew_.Dismiss(tag, Crew::Why::kUnasked, now);
    case Worker::State::kBusy:
      return OnReply(worker, now);
    case Worker::State::kDying:
      return;
  }
}

void Dispatcher::OnTime(MonotonicTime now) {
  for (const uint64_t number : running_.Late(now)) {
    OnCulprit(number, FailedTry::Timeout(running_.At(number).job->Deadline(options_)), now);
  }
  for (const uint64_t number : running_.Slow(now)) {
    if (running_.Has(number)) OnSlow(number, now);  // one may be taken off for another
  }
  crew_.OnTime(now);
  HearOfDeaths(now);
}

void Dispatcher::OnReply(Worker* worker, MonotonicTime now) {
  proto::Reply reply;
  const absl::Status received = ReceiveMessage(worker->socket.get(), 0, Wait::kNo, &reply).status();
  if (absl::IsResourceExhausted(received)) return;
  const uint64_t number = worker->number;
  RunningJob& running = running_.At(number);
  if (absl::IsUnavailable(received)) {
    // The time of the job is over; what is waited for now is how its worker ended.
    running.deadline = running.slow_at = MonotonicTime::max();
    crew_.Mourn(worker, now);
    return HearOfDeaths(now);
  }
  if (!received.ok() || reply.id() != running.job->id || !proto::Code_IsValid(reply.code())) {
    return OnCulprit(
        number, FailedTry::Nonsense(absl::DataLossError("the worker's answer made no sense")), now);
  }
  if (reply.code() != proto::OK) return OnAnswer(worker, FailureOf(reply), now);
  absl::StatusOr<Job::Answer> answer = ReadAnswer(*running.job, reply, running.result.get());
  if (!answer.ok()) return OnCulprit(number, FailedTry::Nonsense(answer.status()), now);
  OnAnswer(worker, std::move(answer), now);
}

void Dispatcher::OnAnswer(Worker* worker, absl::StatusOr<Job::Answer> answer, MonotonicTime now) {
  std::unique_ptr<Job> job = TakeRunning(worker->number);
  job->not_worker = worker->number;
  const pid_t pid = worker->pid;
  crew_.EndWork(worker);
  RecycleIfNotNeeded(worker, now);
  if (absl::IsResourceExhausted(answer.status())) {
    if (memory_.HasMoreFor(*job)) {
      job->wants_all_memory = true;
      return TryAgain(std::move(job), now);
    }
    answer = memory_.RefusalOf(answer.status());
    // Nobody else draws while it has all the memory: not tried once more, unless it can do with
    // less.
    if (job->kind != Job::Kind::kAnalyse) {
      const absl::Status failure = triage_.OnExhausted(*job, answer.status(), now);
      return FinishJob(std::move(job), failure, now);
    }
  }
  if (!answer.ok())
    return OnFailure(std::move(job), FailedTry::Answered(answer.status()), pid, now);
  triage_.OnSuccess(*job);
  FinishJob(std::move(job), std::move(answer), now);
}

// A worker that cannot be made quick again, one that took the place of one that was slow, and those
// that hold too much.
void Dispatcher::RecycleIfNotNeeded(Worker* worker, MonotonicTime now) {
  const bool too_many = crew_.size() > options_.workers + size_t{1} + running_.slow();
  if (worker->nicer || too_many) {
    return crew_.Dismiss(worker->number, Crew::Why::kRecycled, now);
  }
  Replace(memory_.SetIdle(worker->number, OwnMemoryOf(worker->pid)), now);
}

std::unique_ptr<Job> Dispatcher::TakeRunning(uint64_t number) {
  memory_.End(number);
  return running_.Take(number).job;
}

void Dispatcher::OnCulprit(uint64_t number, const FailedTry& failed, MonotonicTime now) {
  const Worker* const worker = crew_.Find(number);
  const pid_t pid = worker == nullptr ? -1 : worker->pid;
  std::unique_ptr<Job> job = TakeRunning(number);
  crew_.Dismiss(number, Crew::Why::kUnasked, now);
  OnFailure(std::move(job), failed, pid, now);
}

void Dispatcher::HearOfDeaths(MonotonicTime now) {
  for (const Crew::Death& death : crew_.TakeDeaths()) {
    std::unique_ptr<Job> job = TakeRunning(death.number);
    if (!death.with_zygote) {
      OnFailure(std::move(job),
                death.wait_status ? FailedTry::Died(*death.wait_status) : FailedTry::BrokeOff(),
                death.pid, now);
    } else if (const auto failure = triage_.OnLostWithZygote(job.get())) {
      FinishJob(std::move(job), *failure, now);
    } else {
      job->after_worker = crew_.newest();
      TryAgain(std::move(job), now);
    }
  }
}

void Dispatcher::OnFailure(std::unique_ptr<Job> job, const FailedTry& failed, pid_t pid,
                           MonotonicTime now) {
  const uint64_t source = job->source->key();
  if (failed.CostAWorker()) job->after_worker = crew_.newest();
  const std::optional<absl::Status> failure = triage_.OnFailure(job.get(), failed, pid, now);
  if (failure) {
    FinishJob(std::move(job), *failure, now);
  } else {
    TryAgain(std::move(job), now);
  }
  if (!failed.CostAWorker()) return;
  if (const absl::Status aside = triage_.PutAside(source, now); !aside.ok()) {
    for (std::unique_ptr<Job>& other : queue_.TakeAllOf(source)) {
      FinishJob(std::move(other), aside, now);
    }
  } else {
    queue_.SetSuspect(source, IsSuspect(source, now));
  }
}

void Dispatcher::TryAgain(std::unique_ptr<Job> job, MonotonicTime now) {
  job->suspect = IsSuspect(job->source->key(), now);
  queue_.PushFront(std::move(job));
}

void Dispatcher::OnSlow(uint64_t number, MonotonicTime now) {
  RunningJob& running = running_.At(number);
  running.slow_at = MonotonicTime::max();
  MarkSlow(running.job.get(), now);
  const auto has_place = [&] {
    return running.in_slow_place ||
           (running_.slow() < options_.slow_workers && FitsSlowMemory(*running.job));
  };
  if (!has_place()) {
    // Two places for one document are one too many when another wants it.
    const auto second = running_.FindSecondOfADocument(running.job->source->key());
    if (second) TakeOff(*second, now);
  }
  if (!has_place()) return TakeOff(number, now);
  running_.MoveToSlowPlace(number);
  crew_.MakeNicer(crew_.Find(number));
}

// No fault of the job's, nor of its worker's.
void Dispatcher::TakeOff(uint64_t number, MonotonicTime now) {
  std::unique_ptr<Job> job = TakeRunning(number);
  crew_.Dismiss(number, Crew::Why::kRecycled, now);
  if (job->abandoned) {
    return FinishJob(std::move(job), absl::CancelledError("nobody waits any more"), now);
  }
  ++counters_.preempted;
  queue_.PushBack(std::move(job));
}

bool Dispatcher::IsSuspect(uint64_t source, MonotonicTime now) const {
  return slow_jobs_.contains(source) || triage_.IsSuspect(source, now);
}

void Dispatcher::MarkSlow(Job* job, MonotonicTime now) {
  if (job->slow) return;
  job->slow = true;
  const uint64_t source = job->source->key();
  if (++slow_jobs_[source] == 1) queue_.SetSuspect(source, IsSuspect(source, now));
}

uint64_t& Dispatcher::CounterOf(const Job& job) {
  if (job.source->format() == SourceFormat::kNotice) return counters_.notices;
  switch (job.draw.finish) {
    case Finish::kPage:
      return counters_.drawn;
    case Finish::kEnhanced:
      return counters_.enhanced;
    case Finish::kThumbnail:
      return counters_.thumbnails;
    case Finish::kEntry:
      return counters_.entries;
    case Finish::kReader:
      return counters_.readers;
  }
  return counters_.drawn;
}

void Dispatcher::FinishJob(std::unique_ptr<Job> job, absl::StatusOr<Job::Answer> answer,
                           MonotonicTime now) {
  if (!answer.ok()) {
    if (!absl::IsCancelled(answer.status())) ++counters_.failed;
  } else if (job->kind == Job::Kind::kDraw) {
    ++CounterOf(*job);
  } else if (job->kind == Job::Kind::kAnalyse) {
    ++counters_.analysed;
  } else {
    ++counters_.probed;
  }
  if (job->slow) {
    const uint64_t source = job->source->key();
    const auto slow = slow_jobs_.find(source);
    if (--slow->second == 0) {
      slow_jobs_.erase(slow);
      queue_.SetSuspect(source, IsSuspect(source, now));
    }
  }
  finished_.push_back({std::move(job), std::move(answer)});
}

}  // namespace cbzfs
