#include "codecs/worker/zygote_server.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/pidfd.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/sandbox.h"

namespace cbzfs {
namespace {

// A worker's socket has this number, so that everything above it can be closed.
constexpr int kWorkerSocket = 3;

void Limit(__rlimit_resource resource, uint64_t bytes) {
  const rlimit limit = {bytes, bytes};
  setrlimit(resource, &limit);
}

// When memory ends, the kernel shall take a worker, which costs a page, rather than the daemon,
// which costs the mount. Raising one's own score is always allowed; where /proc is missing the
// kernel's own choice, the largest process, is usually a worker too.
void OfferToOomKiller() {
  const UniqueFd fd(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (fd.valid() && write(fd.get(), "500", 3) != 3) return;
}

// The daemon decides when the workers end. They are in a session of their own, so the terminal's
// signals do not reach them, but `systemctl stop` and `killall` do.
void IgnoreSignals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    struct sigaction action = {};
    action.sa_handler = SIG_IGN;
    sigaction(signal, &action, nullptr);
  }
}

class ZygoteServer {
 public:
  ZygoteServer(int socket, const WorkerMain& serve)
      : socket_(socket), pid_(getpid()), serve_(serve) {}

  int Run() {
    prctl(PR_SET_NAME, "cbzfs-zygote");
    IgnoreSignals();
    OfferToOomKiller();
    sigset_t child_signal;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, nullptr);
    const UniqueFd signals(signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.valid()) return 1;
    if (!SendMessage(socket_, MakeHello(), {}, Wait::kYes).ok()) return 1;
    while (true) {
      pollfd waiting[] = {{.fd = socket_, .events = POLLIN},
                          {.fd = signals.get(), .events = POLLIN}};
      if (poll(waiting, 2, -1) < 0 && errno != EINTR) break;
      if (waiting[1].revents != 0) {
        signalfd_siginfo info;
        while (read(signals.get(), &info, sizeof info) > 0) {
        }
        if (!Reap(WNOHANG, Tell::kYes)) break;
      }
      if (waiting[0].revents != 0 && !ServeOne()) break;
    }
    for (const auto& [child, id] : children_) kill(child, SIGKILL);
    Reap(0, Tell::kNo);
    return 0;
  }

 private:
  enum class Tell { kNo, kYes };

  // Children are reaped here and nowhere else, so a pid in children_ is never another process.
  // False when the daemon, who is to be told how they ended, is gone.
  bool Reap(int flags, Tell tell) {
    while (!children_.empty()) {
      int status = 0;
      const pid_t child = waitpid(-1, &status, flags);
      if (child < 0 && errno == EINTR) continue;
      if (child <= 0) return true;
      const auto found = children_.find(child);
      if (found == children_.end()) continue;
      proto::News news;
      news.mutable_ended()->set_id(found->second);
      news.mutable_ended()->set_wait_status(status);
      children_.erase(found);
      if (tell == Tell::kYes && !SendMessage(socket_, news, {}, Wait::kYes).ok()) return false;
    }
    return true;
  }

  bool ServeOne() {
    proto::Spawn spawn;
    absl::StatusOr<std::vector<UniqueFd>> received = ReceiveMessage(socket_, 1, Wait::kYes, &spawn);
    if (!received.ok() || received->size() != 1) return false;
    UniqueFd worker_socket = std::move(received->front());
    const pid_t child = fork();
    if (child == 0) _exit(BecomeWorker(spawn, worker_socket.get()));
    const int error = child < 0 ? errno : 0;
    worker_socket.reset();
    proto::News news;
    news.mutable_spawned()->set_id(spawn.id());
    news.mutable_spawned()->set_pid(child);
    news.mutable_spawned()->set_error(error);
    UniqueFd pidfd;
    if (child > 0) {
      children_[child] = spawn.id();
      pidfd = OpenPidfd(child);
    }
    if (!pidfd.valid()) return SendMessage(socket_, news, {}, Wait::kYes).ok();
    return SendMessage(socket_, news, {pidfd.get()}, Wait::kYes).ok();
  }

  int BecomeWorker(const proto::Spawn& spawn, int worker_socket) {
    prctl(PR_SET_NAME, "cbzfs-worker");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != pid_) return 1;  // it died before it was asked to tell
    // Over the zygote's socket, wherever that is: nothing of the zygote may stay open here.
    if (worker_socket != kWorkerSocket && dup2(worker_socket, kWorkerSocket) < 0) return 1;
    if (close_range(kWorkerSocket + 1, ~0U, 0) != 0) return 1;
    struct sigaction by_default = {};
    by_default.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &by_default, nullptr);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    Limit(RLIMIT_CORE, 0);
    if (!kSanitized) {
      Limit(RLIMIT_AS, spawn.address_space_bytes());
      Limit(RLIMIT_DATA, spawn.heap_bytes());
    }
    proto::Hello hello = MakeHello();
    const absl::Status closed = spawn.sandbox() ? CloseTheSandbox(spawn, &hello) : absl::OkStatus();
    if (closed.ok()) return serve_(kWorkerSocket, hello);
    hello.mutable_sandbox()->set_failure(PrintableLine(std::string(closed.message())));
    static_cast<void>(SendMessage(kWorkerSocket, hello, {}, Wait::kYes));
    return 1;
  }

  // A result is written from the heap, so none is longer than that may be.
  absl::Status CloseTheSandbox(const proto::Spawn& spawn, proto::Hello* hello) {
    const absl::StatusOr<SandboxState> state =
        CloseSandbox({.parent = pid_, .socket = kWorkerSocket, .largest_file = spawn.heap_bytes()});
    if (!state.ok()) return state.status();
    hello->mutable_sandbox()->set_seccomp(state->seccomp);
    hello->mutable_sandbox()->set_landlock_abi(state->landlock_abi);
    hello->mutable_sandbox()->set_uid(state->uid);
    return absl::OkStatus();
  }

  const int socket_;
  const pid_t pid_;
  const WorkerMain& serve_;
  absl::flat_hash_map<pid_t, uint64_t> children_;  // and what the daemon calls them
};

}  // namespace

int RunZygote(int socket, const WorkerMain& serve) { return ZygoteServer(socket, serve).Run(); }

void HoldToData(uint64_t bytes) {
  rlimit limit;
  if (bytes == 0 || getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(bytes, limit.rlim_max);
  setrlimit(RLIMIT_DATA, &limit);
}

}  // namespace cbzfs
