#include "codecs/worker/worker_pool.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "codecs/worker/clock.h"
#include "codecs/worker/dispatcher.h"
#include "codecs/worker/job.h"
#include "codecs/worker/stderr_drain.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {
namespace {

// Tags of the pool's own descriptors in its epoll set, beside Crew's.
constexpr uint64_t kWakeTag = 2;
constexpr uint64_t kStderrTag = 3;
static_assert(kStderrTag < Crew::kFirstWorker && Crew::kZygoteTag < kWakeTag);

// More than any machine this is for has cores.
constexpr uint32_t kMaxWorkers = 256;

// The methods leave commands in a box; the thread empties it, lets the dispatcher work and calls
// back. Only the box and what stats() shows are shared.
class WorkerPoolImpl final : public WorkerPool {
 public:
  WorkerPoolImpl(const WorkerPoolOptions& options, UniqueFd epoll, UniqueFd wake,
                 std::unique_ptr<StderrDrain> drain);
  ~WorkerPoolImpl() override { Stop(); }

  absl::Status WaitUntilReady() override;

  RequestId Probe(std::shared_ptr<const SourceFile> source, Priority priority,
                  absl::AnyInvocable<void(absl::StatusOr<ProbeResult>)> done) override;
  RequestId Analyse(std::shared_ptr<const SourceFile> source, const AnalyseRequest& request,
                    Priority priority,
                    absl::AnyInvocable<void(absl::StatusOr<Document>)> done) override;
  RequestId Draw(std::shared_ptr<const SourceFile> source, const DrawRequest& request,
                 Priority priority, absl::AnyInvocable<void(absl::StatusOr<Drawn>)> done) override;
  void Raise(RequestId id, Priority priority) override;
  void Cancel(RequestId id) override;
  void TrimIdle() override {
    Command command = {.kind = Command::Kind::kTrimIdle};
    Send(command);
  }
  WorkerPoolStats stats() const override;
  std::vector<int> pids() const override;
  void Stop() override;

 private:
  struct Command {
    enum class Kind { kSubmit, kRaise, kCancel, kTrimIdle } kind;
    RequestId id = 0;
    Priority priority = Priority::kBackground;
    std::unique_ptr<Job> job;
  };

  template <typename Result>
  RequestId Submit(std::unique_ptr<Job> job, absl::AnyInvocable<void(absl::StatusOr<Result>)> done);
  bool Send(Command& command);  // after Stop() false, and the command is as it was
  void Wake();

  void Run();
  bool TakeCommands();  // false when it is time to stop
  void WaitForEvents();
  void CallBack();
  void Publish();

  const UniqueFd epoll_;
  const UniqueFd wake_;
  absl::Notification first_worker_;
  absl::Status first_status_;  // written once, before first_worker_

  mutable absl::Mutex mutex_;
  std::vector<Command> inbox_ ABSL_GUARDED_BY(mutex_);
  RequestId next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  WorkerPoolStats stats_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> pids_ ABSL_GUARDED_BY(mutex_);
  uint32_t unseen_ ABSL_GUARDED_BY(mutex_) = 0;  // submitted, not yet in stats_

  absl::Mutex joining_;  // before mutex_; held by one Stop() while it waits
  std::thread thread_ ABSL_GUARDED_BY(joining_);

  // The thread's alone.
  const std::unique_ptr<StderrDrain> drain_;
  Dispatcher dispatcher_;
  uint32_t seen_ = 0;  // taken from the box, not yet in stats_
  bool draining_ = true;
};

WorkerPoolImpl::WorkerPoolImpl(const WorkerPoolOptions& options, UniqueFd epoll, UniqueFd wake,
                               std::unique_ptr<StderrDrain> drain)
    : epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      drain_(std::move(drain)),
      dispatcher_(options, epoll_.get(), drain_->write_fd()) {
  stats_.memory_limit = options.memory_bytes;
  // The thread inherits the mask: signals are for the threads that expect them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  absl::MutexLock lock(&joining_);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

absl::Status WorkerPoolImpl::WaitUntilReady() {
  first_worker_.WaitForNotification();
  if (first_status_.ok()) return first_status_;
  return absl::FailedPreconditionError(first_status_.message());
}

template <typename Result>
WorkerPool::RequestId WorkerPoolImpl::Submit(
    std::unique_ptr<Job> job, absl::AnyInvocable<void(absl::StatusOr<Result>)> done) {
  job->done = [done = std::move(done)](absl::StatusOr<Job::Answer> answer) mutable {
    if (answer.ok()) {
      done(std::get<Result>(*std::move(answer)));
    } else {
      done(answer.status());
    }
  };
  RequestId id = 0;
  {
    absl::MutexLock lock(&mutex_);
    id = job->id = next_id_++;
  }
  Command command = {.kind = Command::Kind::kSubmit, .id = id, .job = std::move(job)};
  if (Send(command)) return id;
  // Whoever asks waits for an answer.
  auto answer = std::move(command.job->done);
  command.job.reset();
  answer(absl::CancelledError("stopped"));
  return 0;
}

WorkerPool::RequestId WorkerPoolImpl::Probe(
    std::shared_ptr<const SourceFile> source, Priority priority,
    absl::AnyInvocable<void(absl::StatusOr<ProbeResult>)> done) {
  auto job = std::make_unique<Job>();
  job->kind = Job::Kind::kProbe;
  job->priority = priority;
  job->source = std::move(source);
  return Submit<ProbeResult>(std::move(job), std::move(done));
}

WorkerPool::RequestId WorkerPoolImpl::Analyse(
    std::shared_ptr<const SourceFile> source, const AnalyseRequest& request, Priority priority,
    absl::AnyInvocable<void(absl::StatusOr<Document>)> done) {
  auto job = std::make_unique<Job>();
  job->kind = Job::Kind::kAnalyse;
  job->priority = priority;
  job->source = std::move(source);
  job->analysis = request;
  return Submit<Document>(std::move(job), std::move(done));
}

WorkerPool::RequestId WorkerPoolImpl::Draw(std::shared_ptr<const SourceFile> source,
                                           const DrawRequest& request, Priority priority,
                                           absl::AnyInvocable<void(absl::StatusOr<Drawn>)> done) {
  auto job = std::make_unique<Job>();
  job->kind = Job::Kind::kDraw;
  job->priority = priority;
  job->source = std::move(source);
  job->draw = request;
  return Submit<Drawn>(std::move(job), std::move(done));
}

void WorkerPoolImpl::Raise(RequestId id, Priority priority) {
  Command command = {.kind = Command::Kind::kRaise, .id = id, .priority = priority};
  Send(command);
}

void WorkerPoolImpl::Cancel(RequestId id) {
  Command command = {.kind = Command::Kind::kCancel, .id = id};
  Send(command);
}

bool WorkerPoolImpl::Send(Command& command) {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return false;
    unseen_ += command.kind == Command::Kind::kSubmit ? 1 : 0;
    inbox_.push_back(std::move(command));
    if (inbox_.size() > 1) return true;  // the thread has been woken for the first
  }
  Wake();
  return true;
}

void WorkerPoolImpl::Wake() {
  // Fails only when the counter is full: then the thread is about to wake anyway.
  eventfd_write(wake_.get(), 1);
}

WorkerPoolStats WorkerPoolImpl::stats() const {
  absl::MutexLock lock(&mutex_);
  WorkerPoolStats stats = stats_;
  stats.waiting += unseen_;
  return stats;
}

std::vector<int> WorkerPoolImpl::pids() const {
  absl::MutexLock lock(&mutex_);
  return pids_;
}

void WorkerPoolImpl::Stop() {
  absl::MutexLock lock(&joining_);
  if (!thread_.joinable()) return;
  {
    absl::MutexLock inner(&mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
}

void WorkerPoolImpl::Run() {
  pthread_setname_np(pthread_self(), "cbzfs-pool");
  while (TakeCommands()) {
    dispatcher_.OnTime(MonotonicNow());
    dispatcher_.Schedule(MonotonicNow());
    CallBack();
    WaitForEvents();
  }
  dispatcher_.Shutdown(MonotonicNow());
  CallBack();
  if (!first_worker_.HasBeenNotified()) {
    first_status_ = absl::CancelledError("stopped");
    first_worker_.Notify();
  }
}

bool WorkerPoolImpl::TakeCommands() {
  std::vector<Command> commands;
  bool go_on = true;
  {
    absl::MutexLock lock(&mutex_);
    commands.swap(inbox_);
    go_on = !stopping_;
  }
  const MonotonicTime now = MonotonicNow();
  for (Command& command : commands) {
    switch (command.kind) {
      case Command::Kind::kSubmit:
        ++seen_;
        dispatcher_.Submit(std::move(command.job), now);
        break;
      case Command::Kind::kRaise:
        dispatcher_.Raise(command.id, command.priority);
        break;
      case Command::Kind::kCancel:
        dispatcher_.Cancel(command.id, now);
        break;
      case Command::Kind::kTrimIdle:
        dispatcher_.TrimIdle(now);
        break;
    }
  }
  return go_on;
}

void WorkerPoolImpl::CallBack() {
  std::vector<Dispatcher::Finished> finished = dispatcher_.TakeFinished();
  Publish();  // first: whoever is called back finds itself counted
  for (Dispatcher::Finished& one : finished) {
    auto done = std::move(one.job->done);
    one.job.reset();  // the source too: whoever is called back may count on that
    done(std::move(one.answer));
  }
}

void WorkerPoolImpl::Publish() {
  const Crew& crew = dispatcher_.crew();
  const MonotonicTime now = MonotonicNow();
  {
    absl::MutexLock lock(&mutex_);
    stats_ = dispatcher_.stats(now);
    pids_ = crew.pids();
    unseen_ -= std::exchange(seen_, 0);
  }
  if (first_worker_.HasBeenNotified()) return;
  if (crew.failures() > 0) first_status_ = crew.last_failure();
  if (crew.failures() > 0 || crew.Count(Worker::State::kIdle) > 0) first_worker_.Notify();
}

void WorkerPoolImpl::WaitForEvents() {
  MonotonicTime next = dispatcher_.NextTime();
  if (!draining_) next = std::min(next, drain_->resumes_at());
  int timeout = -1;
  if (next != MonotonicTime::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - MonotonicNow()).count();
    timeout = static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
  }
  epoll_event events[32];
  const int count = epoll_wait(epoll_.get(), events, 32, timeout);
  const MonotonicTime now = MonotonicNow();
  if (!draining_ && now >= drain_->resumes_at()) {
    epoll_event event = {.events = EPOLLIN, .data = {.u64 = kStderrTag}};
    draining_ = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, drain_->read_fd(), &event) == 0;
  }
  for (int i = 0; i < count; ++i) {
    const uint64_t tag = events[i].data.u64;
    if (tag == kWakeTag) {
      eventfd_t ignored;
      eventfd_read(wake_.get(), &ignored);
    } else if (tag == kStderrTag) {
      draining_ = drain_->OnReadable(now);
      if (!draining_) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, drain_->read_fd(), nullptr);
    } else {
      dispatcher_.OnEvent(tag, now);
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Launch(const WorkerPoolOptions& options) {
  WorkerPoolOptions settled = options;
  if (settled.workers == 0) settled.workers = std::max(1u, std::thread::hardware_concurrency());
  settled.workers = std::min(settled.workers, kMaxWorkers);
  if (settled.slow_workers == 0) settled.slow_workers = std::max(2u, settled.workers);
  settled.slow_workers = std::min(settled.slow_workers, kMaxWorkers);

  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !wake.valid()) return absl::ErrnoToStatus(errno, "epoll");
  absl::StatusOr<std::unique_ptr<StderrDrain>> drain = StderrDrain::Make();
  if (!drain.ok()) return drain.status();
  epoll_event wake_event = {.events = EPOLLIN, .data = {.u64 = kWakeTag}};
  epoll_event stderr_event = {.events = EPOLLIN, .data = {.u64 = kStderrTag}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &wake_event) != 0 ||
      epoll_ctl(epoll.get(), EPOLL_CTL_ADD, (*drain)->read_fd(), &stderr_event) != 0) {
    return absl::ErrnoToStatus(errno, "epoll_ctl");
  }
  return std::make_unique<WorkerPoolImpl>(settled, std::move(epoll), std::move(wake),
                                          *std::move(drain));
}

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Start(const WorkerPoolOptions& options) {
  absl::StatusOr<std::unique_ptr<WorkerPool>> pool = Launch(options);
  if (!pool.ok()) return pool;
  if (absl::Status ready = (*pool)->WaitUntilReady(); !ready.ok()) return ready;
  return pool;
}

}  // namespace cbzfs
