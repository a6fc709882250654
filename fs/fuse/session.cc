#include "fs/fuse/session.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "fs/core/change_watch.h"
#include "fs/core/errno_status.h"
#include "fs/core/option_value.h"
#include "fs/fuse/adapter.h"
#include "fs/fuse/stderr_capture.h"

namespace cbzfs {
namespace {

// How often it is looked whether the mount is gone while requests hang, and how long they may.
constexpr absl::Duration kLookEvery = absl::Seconds(5);
constexpr absl::Duration kPatience = absl::Seconds(5);

// Wakes the thread in Serve(); any signal without a meaning of its own would do.
constexpr int kWakeSignal = SIGUSR1;

struct FreeConfig {
  void operator()(fuse_loop_config* config) const { fuse_loop_cfg_destroy(config); }
};

void LogFromLibfuse(fuse_log_level level, const char* format, va_list arguments) {
  char line[1024];
  vsnprintf(line, sizeof(line), format, arguments);
  const std::string_view text(line);
  const std::string_view trimmed = text.substr(0, text.find_last_not_of('\n') + 1);
  if (level <= FUSE_LOG_ERR) {
    spdlog::error("{}", trimmed);
  } else if (level <= FUSE_LOG_WARNING) {
    spdlog::warn("{}", trimmed);
  } else {
    spdlog::debug("{}", trimmed);
  }
}

// Tells the kernel what to forget. That it knows nothing of it (ENOENT), or that the mount is gone
// (ENOTCONN, EBADF), is fine.
class SessionCache : public KernelCache {
 public:
  explicit SessionCache(fuse_session* session) : session_(session) {}

  void DropName(uint64_t parent, const std::string& name) override {
#if FUSE_VERSION < FUSE_MAKE_VERSION(3, 16)
    // To expire is kinder than to drop: who sits in a folder that is still there keeps its path.
    const int result = fuse_lowlevel_notify_expire_entry(session_, parent, name.data(), name.size(),
                                                         FUSE_LL_EXPIRE_ONLY);
#else
    const int result =
        fuse_lowlevel_notify_expire_entry(session_, parent, name.data(), name.size());
#endif
    // Kernels before 6.2 cannot.
    if (result == -ENOSYS) {
      fuse_lowlevel_notify_inval_entry(session_, parent, name.data(), name.size());
    }
  }

  void DropAttributes(uint64_t ino) override {
    fuse_lowlevel_notify_inval_inode(session_, ino, -1, 0);
  }

 private:
  fuse_session* const session_;
};

// libfuse's way to hold arguments, freed at the end.
class Arguments {
 public:
  Arguments() { fuse_opt_add_arg(&args_, "cbzfs"); }
  ~Arguments() { fuse_opt_free_args(&args_); }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  void Add(std::string_view option) {
    fuse_opt_add_arg(&args_, absl::StrCat("-o", EscapeOption(option)).c_str());
  }
  fuse_args* get() { return &args_; }

 private:
  fuse_args args_ = FUSE_ARGS_INIT(0, nullptr);
};

// The options that are for INIT and not for the mount call.
bool TakeConnectionOption(const std::string& option, Adapter::Connection* connection) {
  const struct {
    const char* name;
    unsigned* value;
  } kKnown[] = {{"max_readahead=", &connection->max_readahead},
                {"max_background=", &connection->max_background},
                {"congestion_threshold=", &connection->congestion_threshold}};
  for (const auto& known : kKnown) {
    absl::string_view value = option;
    if (absl::ConsumePrefix(&value, known.name)) return absl::SimpleAtoi(value, known.value);
  }
  absl::string_view value = option;
  if (absl::ConsumePrefix(&value, "max_read=")) {
    [[maybe_unused]] const bool read = absl::SimpleAtoi(value, &connection->max_read);
  }
  return false;  // the mount has to know max_read too
}

absl::Status MountFailed(const std::string& mountpoint, const std::string& reason) {
  const std::string message = absl::StrCat("cannot mount at ", mountpoint, ": ",
                                           reason.empty() ? "libfuse gave no reason" : reason);
  if (absl::StrContains(reason, "ermission denied") || absl::StrContains(reason, "not permitted") ||
      absl::StrContains(reason, "only allowed if") ||
      absl::StrContains(reason, "exec fusermount3")) {
    return absl::PermissionDeniedError(message);
  }
  if (absl::StrContains(reason, "device not found")) return absl::NotFoundError(message);
  return absl::UnknownError(message);
}

}  // namespace

// What Serve() and RequestStop() tell each other.
struct Session::Loop {
  explicit Loop(fuse_session* session) : cache(session) {}
  SessionCache cache;
  absl::Mutex mu;
  bool running ABSL_GUARDED_BY(mu) = false;
  bool stop_requested ABSL_GUARDED_BY(mu) = false;
  pthread_t thread ABSL_GUARDED_BY(mu) = {};
  absl::Notification ended;
};

void Session::Destroy::operator()(fuse_session* session) const { fuse_session_destroy(session); }

Session::Session(Filesystem* filesystem, std::unique_ptr<Adapter> adapter, fuse_session* session,
                 std::function<void()> on_stuck)
    : filesystem_(filesystem),
      adapter_(std::move(adapter)),
      session_(session),
      on_stuck_(std::move(on_stuck)),
      loop_(std::make_unique<Loop>(session)) {}

Session::~Session() { End(); }

absl::StatusOr<std::unique_ptr<Session>> Session::Mount(Filesystem* filesystem,
                                                        const SessionOptions& options) {
  Arguments arguments;
  Adapter::Connection connection;
  arguments.Add("ro");
  bool named = false;
  bool typed = false;
  for (const std::string& option : options.kernel) {
    if (TakeConnectionOption(option, &connection)) continue;
    arguments.Add(option);
    named = named || absl::StartsWith(option, "fsname=");
    typed = typed || absl::StartsWith(option, "subtype=");
  }
  if (!named) arguments.Add(absl::StrCat("fsname=", options.fsname));
  if (!typed) arguments.Add("subtype=cbzfs");
  if (options.debug) arguments.Add("debug");

  auto adapter = std::make_unique<Adapter>(filesystem, options.ttl, connection);
  fuse_set_log_func(nullptr);  // an earlier mount's: what is said now is for the message
  StderrCapture capture;
  std::unique_ptr<fuse_session, Destroy> raw(fuse_session_new(
      arguments.get(), &Adapter::Operations(), sizeof(fuse_lowlevel_ops), adapter.get()));
  const bool mounted =
      raw != nullptr && fuse_session_mount(raw.get(), options.mountpoint.c_str()) == 0;
  const std::string said = capture.Finish();
  if (!mounted) return MountFailed(options.mountpoint, said);
  if (!said.empty()) spdlog::debug("while mounting: {}", said);

  fuse_set_log_func(LogFromLibfuse);
  fcntl(fuse_session_fd(raw.get()), F_SETFD, FD_CLOEXEC);  // a descriptor we were given may lack it
  std::unique_ptr<Session> session(
      new Session(filesystem, std::move(adapter), raw.release(), options.on_stuck));
  const absl::Status status = session->AnswerInit();
  if (!status.ok()) return status;
  return session;
}

// The kernel queues INIT with the mount and holds everything else back until it is answered.
absl::Status Session::AnswerInit() {
  fuse_buf buffer = {};
  int received = 0;
  do {
    received = fuse_session_receive_buf(session_.get(), &buffer);
  } while (received == -EINTR);
  if (received > 0) fuse_session_process_buf(session_.get(), &buffer);
  free(buffer.mem);
  if (adapter_->initialised() && !fuse_session_exited(session_.get())) return absl::OkStatus();
  return absl::UnknownError("the kernel and libfuse do not agree on a protocol");
}

absl::Status Session::Serve() {
  struct sigaction wake = {};
  wake.sa_handler = [](int) {};  // and no SA_RESTART: the wait is to be interrupted
  sigaction(kWakeSignal, &wake, nullptr);
  {
    absl::MutexLock lock(&loop_->mu);
    loop_->running = true;
    loop_->thread = pthread_self();
  }
  const std::unique_ptr<fuse_loop_config, FreeConfig> config(fuse_loop_cfg_create());
  fuse_loop_cfg_set_max_threads(config.get(), Adapter::kLoopThreads);
  filesystem_->StartNotifying(&loop_->cache);
  std::thread stuck([this] { NoticeStuck(); });
  const int result = fuse_session_loop_mt(session_.get(), config.get());
  {
    absl::MutexLock lock(&loop_->mu);
    loop_->running = false;
  }
  loop_->ended.Notify();
  stuck.join();
  End();
  return result < 0 ? ErrnoStatus(-result, "reading from the kernel") : absl::OkStatus();
}

bool Session::RequestStop(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  {
    absl::MutexLock lock(&loop_->mu);
    loop_->stop_requested = true;
  }
  fuse_session_exit(session_.get());
  // A signal that comes between libfuse's look at the flag and its wait is lost, so it is repeated.
  do {
    absl::MutexLock lock(&loop_->mu);
    if (loop_->running) pthread_kill(loop_->thread, kWakeSignal);
  } while (!loop_->ended.WaitForNotificationWithTimeout(absl::Milliseconds(5)) &&
           absl::Now() < deadline);
  return loop_->ended.HasBeenNotified();
}

// libfuse's loop ends when the last of its threads has come back, and says nothing before.
void Session::NoticeStuck() {
  pthread_setname_np(pthread_self(), "stuck");
  while (!loop_->ended.WaitForNotificationWithTimeout(kLookEvery)) {
    if (fuse_session_exited(session_.get()) == 0) continue;
    if (loop_->ended.WaitForNotificationWithTimeout(kPatience)) return;
    {
      absl::MutexLock lock(&loop_->mu);
      if (loop_->stop_requested) return;  // whoever did has a patience of its own
    }
    if (on_stuck_) on_stuck_();
    return;
  }
}

void Session::Abandon() {
  adapter_->Drain(ENOTCONN);
  fuse_session_unmount(session_.get());
}

void Session::End() {
  // libfuse's loop has cleared the mark. With it, replies that fail because the mount is gone are
  // not complained about.
  fuse_session_exit(session_.get());
  adapter_->Drain(ENOTCONN);
  // After the replies, because the kernel may hold up a notice until a folder's lookup is answered.
  filesystem_->StopNotifying();
  filesystem_->Stop();
  fuse_session_unmount(session_.get());
}

std::string LibfuseVersion() { return fuse_pkgversion(); }

}  // namespace cbzfs
