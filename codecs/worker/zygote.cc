#include "codecs/worker/zygote.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/pidfd.h"
#include "codecs/worker/protocol.h"

namespace cbzfs {
namespace {

constexpr int kChildSocket = 3;
constexpr int kFinishMilliseconds = 2000;

// What a hostile document gets to see of the environment, should it take a worker over.
std::vector<char*> ChildEnvironment() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    for (const char* prefix : {"ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LSAN_OPTIONS=",
                               "LD_LIBRARY_PATH=", "GCOV_", "LLVM_PROFILE_FILE="}) {
      if (absl::StartsWith(*variable, prefix)) kept.push_back(*variable);
    }
  }
  kept.push_back(nullptr);
  return kept;
}

class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

// Standard input and output on /dev/null, nothing of the daemon's open beyond the socket, all
// signals as in a new session.
int Spawn(const std::string& program, int socket, int stderr_fd, pid_t* pid) {
  SpawnActions spawn;
  posix_spawn_file_actions_adddup2(&spawn.actions, stderr_fd, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&spawn.actions, socket, kChildSocket);
  posix_spawn_file_actions_addopen(&spawn.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&spawn.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&spawn.actions, kChildSocket + 1);
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&spawn.attributes, &all);
  posix_spawnattr_setsigmask(&spawn.attributes, &none);
  posix_spawnattr_setflags(&spawn.attributes,
                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  const std::string number = absl::StrCat(kChildSocket);
  char* const arguments[] = {const_cast<char*>(program.c_str()), const_cast<char*>(number.c_str()),
                             nullptr};
  std::vector<char*> environment = ChildEnvironment();
  return posix_spawn(pid, program.c_str(), &spawn.actions, &spawn.attributes, arguments,
                     environment.data());
}

}  // namespace

UniqueFd AboveStandard(UniqueFd fd) {
  if (!fd.valid() || fd.get() >= 10) return fd;
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
}

absl::StatusOr<std::unique_ptr<Zygote>> Zygote::Launch(const std::string& program, int stderr_fd) {
  absl::StatusOr<std::pair<UniqueFd, UniqueFd>> pair = MakeSocketPair();
  if (!pair.ok()) return pair.status();
  const UniqueFd child_end = AboveStandard(std::move(pair->second));
  if (!child_end.valid()) return absl::InternalError("the descriptor table is full");
  pid_t pid = -1;
  const int error = Spawn(program, child_end.get(), stderr_fd, &pid);
  if (error != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot start the worker program ", program, ": ", strerror(error)));
  }
  return std::unique_ptr<Zygote>(new Zygote(pid, std::move(pair->first)));
}

Zygote::Zygote(pid_t pid, UniqueFd socket)
    : pid_(pid), pidfd_(OpenPidfd(pid)), socket_(std::move(socket)) {}

Zygote::~Zygote() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);  // not reaped yet, so still this one
  Reap();
}

void Zygote::Reap() {
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void Zygote::Finish() {
  socket_.reset();
  if (pid_ <= 0 || !pidfd_.valid()) return;
  pollfd exited = {.fd = pidfd_.get(), .events = POLLIN};
  if (poll(&exited, 1, kFinishMilliseconds) == 1) Reap();
}

absl::Status Zygote::ReceiveHello() {
  proto::Hello hello;
  const absl::Status received = ReceiveMessage(socket(), 0, Wait::kNo, &hello).status();
  return received.ok() ? CheckHello(hello) : received;
}

absl::Status Zygote::RequestWorker(uint64_t id, int worker_socket, const WorkerLimits& limits) {
  proto::Spawn spawn;
  spawn.set_id(id);
  spawn.set_address_space_bytes(limits.address_space_bytes);
  spawn.set_heap_bytes(limits.heap_bytes);
  spawn.set_sandbox(limits.sandbox);
  return SendMessage(socket(), spawn, {worker_socket}, Wait::kNo);
}

absl::StatusOr<std::variant<SpawnedWorker, EndedWorker>> Zygote::ReceiveNews() {
  proto::News news;
  absl::StatusOr<std::vector<UniqueFd>> received = ReceiveMessage(socket(), 1, Wait::kNo, &news);
  if (!received.ok()) return received.status();
  if (news.has_ended()) {
    return EndedWorker{.id = news.ended().id(), .wait_status = news.ended().wait_status()};
  }
  if (!news.has_spawned()) return absl::DataLossError("no news");
  const proto::Spawned& spawned = news.spawned();
  SpawnedWorker worker = {.id = spawned.id(), .pid = spawned.pid(), .error = spawned.error()};
  if (!received->empty()) worker.pidfd = std::move(received->front());
  return worker;
}

}  // namespace cbzfs
