#include "tests/codecs/worker/sandbox_deeds.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <thread>

namespace cbzfs {
namespace {

using Tools = Deed::Tools;

int Errno(long result) { return result < 0 ? errno : 0; }

int Reap(pid_t child) {
  if (child < 0) return errno;
  return Errno(waitpid(child, nullptr, 0));
}

int OpenFile(const Tools&) { return Errno(open("/proc/version", O_RDONLY)); }
int OpenFolder(const Tools&) { return Errno(open("/", O_RDONLY | O_DIRECTORY)); }
int MakeFile(const Tools&) { return Errno(open("/tmp", O_TMPFILE | O_RDWR, 0600)); }
int Stat(const Tools&) {
  struct stat info;
  return Errno(stat("/", &info));
}
int Access(const Tools&) { return Errno(access("/", R_OK)); }
int ReadLink(const Tools&) {
  char target[100];
  return Errno(readlink("/proc/self", target, sizeof target));
}
int InternetSocket(const Tools&) { return Errno(socket(AF_INET, SOCK_STREAM, 0)); }
int UnixSocket(const Tools&) { return Errno(socket(AF_UNIX, SOCK_STREAM, 0)); }
int SocketPair(const Tools&) {
  int ends[2];
  return Errno(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

int Fork(const Tools&) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  return Reap(child);
}
int RawClone(const Tools&) {
  const auto child = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (child == 0) _exit(0);
  return Reap(child);
}
int MakeThread(const Tools&) {
  std::thread([] {}).join();
  return 0;
}
int Exec(const Tools&) {
  execl("/bin/true", "true", nullptr);
  return errno;
}

int TraceParent(const Tools& tools) {
  return Errno(ptrace(PTRACE_SEIZE, tools.parent, nullptr, nullptr));
}
int SignalParent(const Tools& tools) { return Errno(kill(tools.parent, 0)); }
int AbortParent(const Tools& tools) {
  return Errno(syscall(SYS_tgkill, tools.parent, tools.parent, SIGABRT));
}
int SignalThreadOfParent(const Tools& tools) {
  return Errno(syscall(SYS_tgkill, tools.parent, tools.parent, 0));
}
int GetHoldOfParent(const Tools& tools) { return Errno(syscall(SYS_pidfd_open, tools.parent, 0)); }

int WritePastEnd(const Tools& tools) {
  return Errno(pwrite(tools.result, "x", 1, static_cast<off_t>(tools.capacity)));
}
int GrowResult(const Tools& tools) {
  return Errno(ftruncate(tools.result, static_cast<off_t>(tools.capacity) + 1));
}
int WriteSource(const Tools& tools) { return Errno(pwrite(tools.source, "x", 1, 0)); }
int WriteSocketPastTheProtocol(const Tools& tools) { return Errno(write(tools.socket, "x", 1)); }
int DuplicateSocket(const Tools& tools) { return Errno(dup(tools.socket)); }

int ExecutableMapping(const Tools&) {
  void* const made =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return made == MAP_FAILED ? errno : 0;
}
int MakeExecutable(const Tools&) {
  void* const made =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) return 0;
  return Errno(mprotect(made, 4096, PROT_READ | PROT_EXEC));
}

int ReadOwnLimits(const Tools&) {
  rlimit limit;
  return Errno(getrlimit(RLIMIT_CORE, &limit));
}
int BeDumpable(const Tools&) { return Errno(prctl(PR_SET_DUMPABLE, 1)); }
int NewNamespace(const Tools&) { return Errno(unshare(CLONE_FILES)); }

}  // namespace

// Without a sandbox AbortParent would end the test, TraceParent depends on the system, and the
// seals of the result and the mode of the source hold anyway.
const Deed kDeedList[kDeeds] = {
    {"OpenFile", OpenFile},
    {"OpenFolder", OpenFolder},
    {"MakeFile", MakeFile},
    {"Stat", Stat},
    {"Access", Access},
    {"ReadLink", ReadLink},
    {"InternetSocket", InternetSocket},
    {"UnixSocket", UnixSocket},
    {"SocketPair", SocketPair},
    {"Fork", Fork},
    {"RawClone", RawClone},
    {"MakeThread", MakeThread},
    {"Exec", Exec},
    {"TraceParent", TraceParent, Deed::End::kKilled, false},
    {"SignalParent", SignalParent},
    {"AbortParent", AbortParent, Deed::End::kKilled, false},
    {"SignalThreadOfParent", SignalThreadOfParent},
    {"GetHoldOfParent", GetHoldOfParent},
    {"WritePastEnd", WritePastEnd, Deed::End::kRefused, false},
    {"GrowResult", GrowResult, Deed::End::kKilled, false},
    {"WriteSource", WriteSource, Deed::End::kRefused, false},
    {"WriteSocketPastTheProtocol", WriteSocketPastTheProtocol},
    {"DuplicateSocket", DuplicateSocket},
    {"ExecutableMapping", ExecutableMapping},
    {"MakeExecutable", MakeExecutable},
    {"ReadOwnLimits", ReadOwnLimits},
    {"BeDumpable", BeDumpable},
    {"NewNamespace", NewNamespace},
};

}  // namespace cbzfs
