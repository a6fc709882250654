#include "codecs/worker/crew.h"

#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/failed_try.h"
#include "codecs/worker/pidfd.h"
#include "codecs/worker/process.h"
#include "codecs/worker/protocol.h"
#include "spdlog/spdlog.h"

namespace cbzfs {
namespace {

// A fork takes 3 ms and an exec 8; this is for a machine that swaps.
constexpr absl::Duration kStartDeadline = absl::Seconds(10);
constexpr absl::Duration kFirstDelay = absl::Milliseconds(100);
constexpr absl::Duration kLongestDelay = absl::Seconds(5);

// Through the pidfd, which cannot hit another process that got the number since.
void Kill(const UniqueFd& pidfd, pid_t pid) {
  if (pidfd.valid()) {
    SignalPidfd(pidfd, SIGKILL);
  } else if (pid > 0) {
    kill(pid, SIGKILL);
  }
}

}  // namespace

bool Worker::HasOpen(uint64_t key) const {
  return std::find(documents.begin(), documents.end(), key) != documents.end();
}

Crew::~Crew() { DismissAll(); }

bool Crew::Watch(int fd, uint64_t tag) {
  epoll_event event = {.events = EPOLLIN, .data = {.u64 = tag}};
  return epoll_ctl(options_.epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Crew::StartFailed(const absl::Status& why, MonotonicTime now) {
  last_failure_ = why;
  absl::Duration delay = kFirstDelay;
  for (int i = 0; i < failures_ && delay < kLongestDelay; ++i) delay *= 2;
  not_before_ = After(now, std::min(delay, kLongestDelay));
  ++failures_;
  // From then on it is tried every five seconds: once in five minutes is often enough to be told.
  if (failures_ <= kHopeless || failures_ % 64 == 0) {
    spdlog::warn("a worker could not be started ({} in a row): {}", failures_, why.ToString());
  }
}

void Crew::LaunchZygote(MonotonicTime now) {
  absl::StatusOr<std::unique_ptr<Zygote>> zygote =
      Zygote::Launch(options_.program, options_.stderr_fd);
  if (!zygote.ok()) return StartFailed(zygote.status(), now);
  if (!Watch((*zygote)->socket(), kZygoteTag)) {
    return StartFailed(absl::InternalError("epoll_ctl"), now);
  }
  zygote_ = *std::move(zygote);
  zygote_ready_ = false;
  zygote_deadline_ = After(now, kStartDeadline);
}

void Crew::LoseZygote(const absl::Status& why, MonotonicTime now) {
  zygote_.reset();
  // Its workers die with it. Those at work are noticed by their sockets, where an answer may still
  // be; no other shall be given work.
  std::vector<uint64_t> idle;
  bool starting = !zygote_ready_;
  for (auto& [number, worker] : workers_) {
    worker.orphan = true;
    if (worker.state == Worker::State::kStarting) starting = true;
    if (worker.state == Worker::State::kIdle) ++restarts_;
    if (worker.state == Worker::State::kDying) Bury(worker);
    if (worker.state != Worker::State::kBusy) idle.push_back(number);
  }
  for (const uint64_t number : idle) Remove(number);
  zygote_ready_ = false;
  if (starting) {
    StartFailed(why, now);
  } else {
    spdlog::warn("the workers' parent process ended; starting another");
  }
}

void Crew::Hire(MonotonicTime now) {
  if (workers_.size() >= options_.max_workers || now < not_before_) return;
  if (zygote_ == nullptr) return LaunchZygote(now);
  if (!zygote_ready_) return;
  absl::StatusOr<std::pair<UniqueFd, UniqueFd>> pair = MakeSocketPair();
  if (!pair.ok()) return StartFailed(pair.status(), now);
  const uint64_t number = next_number_++;
  if (!Watch(pair->first.get(), number)) {
    return StartFailed(absl::InternalError("epoll_ctl"), now);
  }
  Worker& worker = workers_[number];
  worker.number = number;
  worker.socket = std::move(pair->first);
  worker.deadline = After(now, kStartDeadline);
  const absl::Status asked = zygote_->RequestWorker(number, pair->second.get(), options_.limits);
  if (!asked.ok()) LoseZygote(asked, now);
}

void Crew::OnZygote(MonotonicTime now) {
  if (zygote_ == nullptr) return;
  if (!zygote_ready_) {
    const absl::Status hello = zygote_->ReceiveHello();
    if (absl::IsResourceExhausted(hello)) return;
    if (hello.ok()) {
      zygote_ready_ = true;
      return;
    }
    const bool mute = absl::IsUnavailable(hello) || absl::IsDataLoss(hello);
    return LoseZygote(mute ? absl::FailedPreconditionError(
                                 absl::StrCat(options_.program, " is no worker program"))
                           : hello,
                      now);
  }
  auto news = zygote_->ReceiveNews();
  if (absl::IsResourceExhausted(news.status())) return;
  if (!news.ok()) return LoseZygote(news.status(), now);
  if (const auto* const ended = std::get_if<EndedWorker>(&*news)) return OnEnded(*ended, now);
  AdoptWorker(std::get<SpawnedWorker>(*std::move(news)), now);
}

void Crew::OnEnded(const EndedWorker& ended, MonotonicTime now) {
  Worker* const worker = Find(ended.id);
  if (worker == nullptr) return;  // killed from here
  worker->wait_status = ended.wait_status;
  if (worker->state == Worker::State::kDying) {
    Bury(*worker);
    Remove(ended.id);
  } else if (worker->state == Worker::State::kStarting) {
    Remove(ended.id);
    StartFailed(
        absl::UnavailableError(absl::StrCat("before it could serve, ",
                                            FailedTry::Died(ended.wait_status).status.message())),
        now);
  }
  // One that is idle or busy may have something left to read; then its socket closes.
}

void Crew::Mourn(Worker* worker, MonotonicTime now) {
  worker->state = Worker::State::kDying;
  worker->socket.reset();  // out of the epoll set
  worker->deadline = After(now, kWordOfEnd);
  if (!worker->wait_status && !worker->orphan) return;
  Bury(*worker);
  Remove(worker->number);
}

void Crew::Bury(const Worker& worker) {
  ++restarts_;
  deaths_.push_back({.number = worker.number,
                     .pid = worker.pid,
                     .with_zygote = worker.orphan && !worker.wait_status,
                     .wait_status = worker.wait_status});
}

void Crew::MakeNicer(Worker* worker) {
  if (worker->nicer) return;
  worker->nicer = true;
  cbzfs::MakeNicer(worker->pid);
}

void Crew::AdoptWorker(SpawnedWorker spawned, MonotonicTime now) {
  Worker* const worker = Find(spawned.id);
  if (worker == nullptr || worker->pid > 0) return Kill(spawned.pidfd, spawned.pid);
  if (spawned.error != 0 || spawned.pid <= 0) {
    Remove(spawned.id);
    return StartFailed(absl::UnavailableError(absl::StrCat("fork: ", strerror(spawned.error))),
                       now);
  }
  worker->pid = spawned.pid;
  worker->pidfd = std::move(spawned.pidfd);
  GreetIfReady(worker);
}

void Crew::OnStarting(Worker* worker, MonotonicTime now) {
  proto::Hello hello;
  absl::Status status = worker->greeted
                            ? absl::DataLossError("a worker spoke before it was asked")
                            : ReceiveMessage(worker->socket.get(), 0, Wait::kNo, &hello).status();
  if (absl::IsResourceExhausted(status)) return;
  if (absl::IsUnavailable(status)) {
    // It died; the zygote tells how, or that there was no fork.
    worker->socket.reset();
    worker->deadline = std::min(worker->deadline, After(now, kWordOfEnd));
    return;
  }
  if (status.ok()) status = CheckGreeting(hello);
  if (!status.ok()) {
    Remove(worker->number);
    return StartFailed(status, now);
  }
  worker->greeted = true;
  GreetIfReady(worker);
}

absl::Status Crew::CheckGreeting(const proto::Hello& hello) {
  if (absl::Status status = CheckHello(hello); !status.ok()) return status;
  const absl::StatusOr<SandboxState> told = CheckSandbox(hello, options_.limits.sandbox);
  if (!told.ok()) return told.status();
  const bool first = !sandbox_.strict && told->strict;
  sandbox_ = *told;
  if (!first) return absl::OkStatus();
  if (!told->seccomp) {
    spdlog::warn("the workers are in no sandbox: this program was built with sanitizers");
  } else {
    spdlog::debug("sandbox: seccomp, Landlock ABI {} (0: none), user {}", told->landlock_abi,
                  told->uid);
  }
  return absl::OkStatus();
}

void Crew::GreetIfReady(Worker* worker) {
  if (worker->greeted && worker->pid > 0) worker->state = Worker::State::kIdle;
}

void Crew::Dismiss(uint64_t number, Why why, MonotonicTime now) {
  Worker* const worker = Find(number);
  if (worker == nullptr) return;
  const bool useless = worker->served == 0 && worker->state == Worker::State::kIdle;
  Remove(number);
  if (why == Why::kRecycled) return;
  ++restarts_;
  // One that greets and dies at once would otherwise be started again and again without a pause.
  if (useless) StartFailed(absl::UnavailableError("a worker died before its first request"), now);
}

void Crew::Remove(uint64_t number) {
  const auto found = workers_.find(number);
  if (found == workers_.end()) return;
  Kill(found->second.pidfd, found->second.pid);
  workers_.erase(found);  // closing the socket takes it out of the epoll set
}

void Crew::OnTime(MonotonicTime now) {
  if (zygote_ != nullptr && !zygote_ready_ && zygote_deadline_ <= now) {
    LoseZygote(absl::FailedPreconditionError(
                   absl::StrCat(options_.program, " does not answer as a worker program does")),
               now);
  }
  std::vector<uint64_t> mute;
  std::vector<uint64_t> dying;
  for (const auto& [number, worker] : workers_) {
    if (!worker.HasDeadline() || worker.deadline > now) continue;
    if (worker.state == Worker::State::kDying) {
      dying.push_back(number);
      continue;
    }
    // Not even forked: then it is the zygote that is stuck, or gone astray.
    if (worker.pid <= 0) {
      return LoseZygote(absl::UnavailableError("a worker was not forked in time"), now);
    }
    mute.push_back(number);
  }
  for (const uint64_t number : dying) {
    Bury(workers_.at(number));
    Remove(number);
  }
  for (const uint64_t number : mute) {
    Remove(number);
    StartFailed(absl::UnavailableError("a worker did not say Hello in time"), now);
  }
}

MonotonicTime Crew::NextTime(bool hiring) const {
  MonotonicTime next = MonotonicTime::max();
  if (zygote_ != nullptr && !zygote_ready_) next = std::min(next, zygote_deadline_);
  for (const auto& [number, worker] : workers_) {
    if (worker.HasDeadline()) next = std::min(next, worker.deadline);
  }
  const bool may_hire = zygote_ == nullptr || zygote_ready_;
  if (hiring && may_hire && workers_.size() < max_workers()) next = std::min(next, not_before_);
  return next;
}

void Crew::StartWork(Worker* worker, uint64_t document) {
  worker->state = Worker::State::kBusy;
  worker->last_used = ++uses_;
  if (document == 0) return;
  std::vector<uint64_t>& open = worker->documents;
  open.erase(std::remove(open.begin(), open.end(), document), open.end());
  open.insert(open.begin(), document);
  if (open.size() > kRememberedDocuments) open.pop_back();
}

void Crew::EndWork(Worker* worker) {
  worker->state = Worker::State::kIdle;
  ++worker->served;
  failures_ = 0;
}

Worker* Crew::Find(uint64_t number) {
  const auto found = workers_.find(number);
  return found == workers_.end() ? nullptr : &found->second;
}

Worker* Crew::FindIdle(uint64_t document, uint64_t after, uint64_t not_this) {
  Worker* best = nullptr;
  const auto rank = [document, not_this](const Worker& worker) {
    const int use = worker.number == not_this  ? 3
                    : worker.HasOpen(document) ? 0
                    : worker.documents.empty() ? 1
                                               : 2;
    return std::pair(use, worker.last_used);
  };
  for (auto& [number, worker] : workers_) {
    if (worker.state != Worker::State::kIdle || number <= after) continue;
    if (best == nullptr || rank(worker) < rank(*best)) best = &worker;
  }
  return best;
}

size_t Crew::Count(Worker::State state) const {
  return static_cast<size_t>(
      std::count_if(workers_.begin(), workers_.end(),
                    [state](const auto& entry) { return entry.second.state == state; }));
}

std::vector<int> Crew::pids() const {
  std::vector<int> pids;
  for (const auto& [number, worker] : workers_) {
    if (worker.state == Worker::State::kIdle || worker.state == Worker::State::kBusy) {
      pids.push_back(worker.pid);
    }
  }
  return pids;
}

void Crew::DismissAll() {
  for (const auto& [number, worker] : workers_) Kill(worker.pidfd, worker.pid);
  workers_.clear();
  if (zygote_ != nullptr) zygote_->Finish();
  zygote_.reset();
}

}  // namespace cbzfs
