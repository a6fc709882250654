// The sandbox: what a process in it can do and cannot, and that a worker which tries costs itself.

#include "codecs/worker/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "codecs/worker/result_file.h"
#include "codecs/worker/sandbox_syscalls.h"
#include "gmock/gmock.h"
#include "tests/codecs/worker/pool_fixture.h"
#include "tests/codecs/worker/sandbox_deeds.h"

namespace cbzfs {
namespace {

using testing::HasSubstr;

constexpr uint64_t kCapacity = 5000;
constexpr uint64_t kLargestFile = 1 << 20;

#define SKIP_WITH_SANITIZERS()                                                  \
  if (kSanitized)                                                               \
  GTEST_SKIP() << "built with sanitizers, whose runtimes no sandbox would let " \
                  "live"

// How a child of this process ended that does `act`: "exit N" or "signal N".
std::string EndOf(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) _exit(act());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return "no child";
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit " + std::to_string(WEXITSTATUS(status));
}

std::string Exit(int code) { return "exit " + std::to_string(code); }
std::string Signal(int number) { return "signal " + std::to_string(number); }

// A process as a worker is: the tools at hand, and in its sandbox if `strict`.
class Inmate {
 public:
  Inmate() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) abort();
    socket_.reset(ends[0]);
    other_end_.reset(ends[1]);
    result_ = *MakeResultFile(kCapacity);
    source_.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  Deed::Tools tools() const {
    return {.socket = socket_.get(),
            .source = source_.get(),
            .result = result_.get(),
            .capacity = kCapacity,
            .parent = getpid()};
  }
  std::string End(bool strict, const std::function<int()>& act) const {
    const pid_t parent = getpid();
    return EndOf([&] {
      if (!strict) return act();
      const absl::StatusOr<SandboxState> state =
          CloseSandbox({.parent = parent, .socket = socket_.get(), .largest_file = kLargestFile});
      if (!state.ok() || !state->seccomp) return 250;
      return act();
    });
  }

 private:
  UniqueFd socket_;
  UniqueFd other_end_;
  UniqueFd source_;
  UniqueFd result_;
};

class DeedTest : public testing::TestWithParam<Deed> {};

TEST_P(DeedTest, EndsInTheSandboxAndOnlyThere) {
  SKIP_WITH_SANITIZERS();
  const Deed& deed = GetParam();
  const Inmate inmate;
  const Deed::Tools tools = inmate.tools();
  const auto commit = [&] { return deed.commit(tools); };
  const std::string inside = inmate.End(true, commit);
  if (deed.end == Deed::End::kKilled) {
    EXPECT_EQ(inside, Signal(SIGSYS));
  } else {
    EXPECT_THAT(inside, testing::AnyOf(Exit(EPERM), Exit(EBADF)));
  }
  if (deed.works_outside) {
    EXPECT_EQ(inmate.End(false, commit), Exit(0));
  }
}

INSTANTIATE_TEST_SUITE_P(All, DeedTest, testing::ValuesIn(kDeedList),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Sandbox, CrashesStayWhatTheyAre) {
  SKIP_WITH_SANITIZERS();
  const Inmate inmate;
  EXPECT_EQ(inmate.End(true, []() -> int { abort(); }), Signal(SIGABRT));
  EXPECT_EQ(inmate.End(true, []() -> int { std::terminate(); }), Signal(SIGABRT));
  EXPECT_EQ(inmate.End(true,
                       []() -> int {
                         volatile char* const nowhere = nullptr;
                         return *nowhere;
                       }),
            Signal(SIGSEGV));
  // glibc finds it and says so, which is another way to abort().
  EXPECT_EQ(inmate.End(true,
                       []() -> int {
                         void* volatile once = malloc(100);
                         void* volatile again = once;
                         free(once);
                         free(again);
                         return 0;
                       }),
            Signal(SIGABRT));
}

TEST(Sandbox, WhatDrawingNeedsWorks) {
  SKIP_WITH_SANITIZERS();
  const Inmate inmate;
  EXPECT_EQ(inmate.End(true,
                       [&] {
                         std::vector<char> grown;
                         for (size_t size = 1; size < 64 << 20; size *= 3) grown.resize(size);
                         grown = {};
                         try {
                           throw std::runtime_error("caught");
                         } catch (const std::exception&) {
                         }
                         std::vector<int> numbers(1 << 20, 7);
                         qsort(numbers.data(), numbers.size(), sizeof(int),
                               [](const void* a, const void* b) {
                                 return *static_cast<const int*>(a) - *static_cast<const int*>(b);
                               });
                         return WriteResult(inmate.tools().result, "result").ok() ? 0 : 1;
                       }),
            Exit(0));
}

TEST(Sandbox, TheEndOfMemoryIsAnException) {
  SKIP_WITH_SANITIZERS();
  const Inmate inmate;
  const rlimit limit = {256 << 20, 256 << 20};
  for (const size_t step : {size_t{5000}, size_t{1} << 20, size_t{100} << 20}) {
    const auto fill = [&]() -> int {
      std::vector<char*> held;
      held.reserve(1 << 20);
      try {
        while (true) held.push_back(new char[step]);
      } catch (const std::bad_alloc&) {
        for (char* const one : held) delete[] one;
        return 17;
      }
    };
    EXPECT_EQ(EndOf([&] {
                setrlimit(RLIMIT_AS, &limit);
                setrlimit(RLIMIT_DATA, &limit);
                return inmate.End(true, fill) == Exit(17) ? 0 : 1;
              }),
              Exit(0))
        << step;
  }
}

TEST(Sandbox, ResultsUpToTheLimitCanBeWrittenAndNoneBeyond) {
  SKIP_WITH_SANITIZERS();
  const Inmate inmate;
  const UniqueFd file = *MakeResultFile(2 * kLargestFile);
  EXPECT_EQ(inmate.End(true,
                       [&] {
                         const std::string all(kLargestFile, 'x');
                         return WriteResult(file.get(), all).ok() ? 0 : 1;
                       }),
            Exit(0));
  EXPECT_EQ(inmate.End(true,
                       [&] {
                         const std::string all(kLargestFile + 1, 'x');
                         return WriteResult(file.get(), all).ok() ? 0 : 1;
                       }),
            Signal(SIGXFSZ));
}

// The layers, each alone.

TEST(SandboxLayer, LandlockDeniesFiles) {
  SKIP_WITH_SANITIZERS();
  // Exit code of `act` in a child that Landlock holds; 255: the kernel has none.
  const auto denied = [](const std::function<int()>& act) {
    return EndOf([&] {
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      const absl::StatusOr<uint32_t> abi = DenyFiles();
      if (!abi.ok()) return 254;
      return *abi == 0 ? 255 : act();
    });
  };
  if (denied([] { return 0; }) == Exit(255)) GTEST_SKIP() << "this kernel has no Landlock";
  for (const int flags : {O_RDONLY, O_RDWR | O_TMPFILE, O_RDONLY | O_DIRECTORY}) {
    EXPECT_EQ(denied([=] { return open("/tmp", flags, 0600) < 0 ? errno : 0; }), Exit(EACCES));
  }
  EXPECT_EQ(denied([] { return execl("/bin/true", "true", nullptr) < 0 ? errno : 0; }),
            Exit(EACCES));
  const std::string folder = "/tmp/cbzfs-sandbox-test-" + std::to_string(getpid());
  EXPECT_EQ(denied([&] { return mkdir(folder.c_str(), 0700) < 0 ? errno : 0; }), Exit(EACCES));
  EXPECT_NE(rmdir(folder.c_str()), 0) << "it was made";
}

TEST(SandboxLayer, PrivilegesAreGone) {
  SKIP_WITH_SANITIZERS();
  const pid_t parent = getpid();
  const bool root = geteuid() == 0;
  EXPECT_EQ(EndOf([=] {
              const gid_t extra[] = {4, 24};
              if (root && setgroups(2, extra) != 0) return 11;
              if (!DropPrivileges(parent).ok()) return 1;
              uid_t ids[3];
              gid_t groups[3];
              if (getresuid(&ids[0], &ids[1], &ids[2]) != 0 ||
                  getresgid(&groups[0], &groups[1], &groups[2]) != 0) {
                return 2;
              }
              for (const uid_t id : ids) {
                if (root && id != 65534) return 3;
              }
              for (const gid_t id : groups) {
                if (root && id != 65534) return 4;
              }
              if (root && getgroups(0, nullptr) != 0) return 5;
              if (prctl(PR_GET_DUMPABLE) != 0) return 6;
              int at_parents_end = 0;
              if (prctl(PR_GET_PDEATHSIG, &at_parents_end) != 0) return 7;
              if (at_parents_end != SIGKILL) return 8;
              if (root && (setuid(0) == 0 || setgid(0) == 0)) return 9;
              if (root && prctl(PR_CAPBSET_READ, 0) != 0) return 10;
              return 0;
            }),
            Exit(0));
}

TEST(SandboxLayer, OrphanIsRefused) {
  EXPECT_EQ(EndOf([] {
              const absl::Status status = DropPrivileges(getpid());
              return absl::IsFailedPrecondition(status) ? 0 : 1;
            }),
            Exit(0));
}

TEST(SandboxLayer, LimitsAllowNoProcessAndFewDescriptors) {
  SKIP_WITH_SANITIZERS();
  const pid_t parent = getpid();
  EXPECT_EQ(EndOf([=] {
              if (!DropPrivileges(parent).ok() || !SetSandboxLimits(4096).ok()) return 1;
              if (fork() >= 0 || errno != EAGAIN) return 2;
              int opened = 0;
              while (dup(STDIN_FILENO) >= 0) ++opened;
              if (errno != EMFILE || opened > 8) return 3;
              rlimit limit;
              if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0) return 4;
              if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_max != 4096) return 5;
              return 0;
            }),
            Exit(0));
}

// The list is good for both architectures, wherever this runs.
TEST(SandboxLayer, CallsExistOnBothArchitectures) {
  for (const uint32_t architecture : {SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64}) {
    ASSERT_TRUE(HasSyscallList(architecture));
    const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (architecture != seccomp_arch_native()) {
      ASSERT_EQ(seccomp_arch_add(filter, architecture), 0);
      ASSERT_EQ(seccomp_arch_remove(filter, SCMP_ARCH_NATIVE), 0);
    }
    EXPECT_TRUE(AllowCalls(filter, 3, 1000).ok());
    const UniqueFd text(memfd_create("filter", 0));
    ASSERT_EQ(seccomp_export_pfc(filter, text.get()), 0);
    seccomp_release(filter);
    std::string pfc(100'000, '\0');
    pfc.resize(static_cast<size_t>(pread(text.get(), pfc.data(), pfc.size(), 0)));
    // A call that an architecture lacks leaves no rule behind, or one by another number.
    for (const char* call :
         {"brk",      "munmap",  "mremap",        "getrandom",    "sysinfo",    "lseek",
          "pwrite64", "close",   "clock_gettime", "gettimeofday", "exit_group", "rt_sigprocmask",
          "getpid",   "gettid",  "recvmsg",       "sendmsg",      "write",      "writev",
          "mmap",     "madvise", "futex",         "tgkill"}) {
      EXPECT_THAT(pfc, HasSubstr("# filter for syscall \"" + std::string(call) + "\""))
          << architecture;
    }
  }
  EXPECT_FALSE(HasSyscallList(SCMP_ARCH_RISCV64));
}

}  // namespace
}  // namespace cbzfs
