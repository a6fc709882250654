#include "codecs/worker/sandbox.h"

#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "codecs/worker/sandbox_syscalls.h"

namespace cbzfs {
namespace {

constexpr uint32_t kNobody = 65534;

// The standard three, the socket, and what comes with a request.
constexpr uint64_t kMaxOpenFiles = 8;

absl::Status Failed(const char* what, int error) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", strerror(error)));
}

absl::Status Limit(__rlimit_resource resource, uint64_t most) {
  const rlimit limit = {most, most};
  return setrlimit(resource, &limit) == 0 ? absl::OkStatus() : Failed("setrlimit", errno);
}

struct FreeCapabilities {
  void operator()(cap_t state) const { cap_free(state); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

bool Holds(cap_t state, cap_value_t capability) {
  cap_flag_value_t value = CAP_CLEAR;
  return cap_get_flag(state, capability, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET;
}

// EPERM and EINVAL: this is a user namespace that forbids changing groups, or has no such user.
absl::Status BecomeNobody() {
  if (setgroups(0, nullptr) != 0 && errno != EPERM) return Failed("setgroups", errno);
  if (setresgid(kNobody, kNobody, kNobody) != 0 && errno != EINVAL) {
    return Failed("setresgid", errno);
  }
  if (setresuid(kNobody, kNobody, kNobody) != 0 && errno != EINVAL) {
    return Failed("setresuid", errno);
  }
  return absl::OkStatus();
}

// With no_new_privs set it only matters to those who would otherwise count on it.
absl::Status EmptyBoundingSet() {
  for (cap_value_t capability = 0; cap_get_bound(capability) >= 0; ++capability) {
    if (cap_drop_bound(capability) != 0) return Failed("the capability bounding set", errno);
  }
  return absl::OkStatus();
}

// linux/landlock.h of Debian 12 ends at version 2; the structure only ever grows, and the kernel
// takes a longer one than it knows as long as the rest is zero.
struct LandlockRules {
  uint64_t files = 0;
  uint64_t network = 0;
  uint64_t scopes = 0;
};

constexpr uint64_t FirstBits(unsigned int count) { return (uint64_t{1} << count) - 1; }

LandlockRules EverythingOf(int abi) {
  LandlockRules rules;
  // Execute, write, read, list, remove (2), make (7); 2: refer; 3: truncate; 5: ioctl of devices.
  rules.files = FirstBits(abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13);
  if (abi >= 4) rules.network = FirstBits(2);  // bind and connect of TCP
  if (abi >= 6) rules.scopes = FirstBits(2);   // abstract UNIX sockets, signals
  return rules;
}

}  // namespace

absl::Status SetSandboxLimits(uint64_t largest_file) {
  absl::Status status = Limit(RLIMIT_NPROC, 0);
  if (status.ok()) status = Limit(RLIMIT_CORE, 0);
  if (status.ok()) status = Limit(RLIMIT_NOFILE, kMaxOpenFiles);
  if (status.ok()) status = Limit(RLIMIT_FSIZE, largest_file);
  return status;
}

absl::Status DropPrivileges(pid_t parent) {
  const Capabilities held(cap_get_proc());
  const Capabilities none(cap_init());
  if (held == nullptr || none == nullptr) return Failed("capabilities", errno);
  if (Holds(held.get(), CAP_SETPCAP)) {
    if (absl::Status status = EmptyBoundingSet(); !status.ok()) return status;
  }
  if (geteuid() == 0 && Holds(held.get(), CAP_SETUID) && Holds(held.get(), CAP_SETGID) &&
      Holds(held.get(), CAP_KILL)) {
    if (absl::Status status = BecomeNobody(); !status.ok()) return status;
  }
  if (cap_set_proc(none.get()) != 0) return Failed("dropping capabilities", errno);
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return Failed("PR_SET_DUMPABLE", errno);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return Failed("PR_SET_PDEATHSIG", errno);
  if (getppid() != parent) return absl::FailedPreconditionError("the parent process ended");
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> DenyFiles() {
  constexpr unsigned int kTellVersion = 1;
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kTellVersion);
  if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) return 0;
  if (abi < 1) return Failed("Landlock", errno);
  const LandlockRules rules = EverythingOf(static_cast<int>(abi));
  const int fd = static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0));
  if (fd < 0) return Failed("Landlock", errno);
  const bool restricted = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
  const int error = errno;
  close(fd);
  if (!restricted) return Failed("Landlock", error);
  return static_cast<uint32_t>(abi);
}

absl::Status FilterCalls(int socket) {
  if (!HasSyscallList(seccomp_arch_native())) {
    return absl::FailedPreconditionError(
        "seccomp: there is a list of system calls for x86-64 and aarch64 only");
  }
  const auto release = [](void* filter) { seccomp_release(filter); };
  const std::unique_ptr<void, decltype(release)> filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (filter == nullptr) return Failed("seccomp", ENOMEM);
  // System calls by the numbers of another architecture (32 bits).
  int error = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (error != 0) return Failed("seccomp", -error);
  if (absl::Status status = AllowCalls(filter.get(), socket, getpid()); !status.ok()) {
    return status;
  }
  error = seccomp_load(filter.get());
  return error == 0 ? absl::OkStatus() : Failed("seccomp", -error);
}

absl::StatusOr<SandboxState> CloseSandbox(const SandboxSettings& settings) {
  SandboxState state = {.strict = true};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("PR_SET_NO_NEW_PRIVS", errno);
  state.uid = geteuid();
  if (kSanitized) return state;
  if (absl::Status status = DropPrivileges(settings.parent); !status.ok()) return status;
  state.uid = geteuid();
  const absl::StatusOr<uint32_t> landlock = DenyFiles();
  if (!landlock.ok()) return landlock.status();
  state.landlock_abi = *landlock;
  // After the identity, since root could not be held to 0 processes; after Landlock, which needs a
  // descriptor for a moment.
  absl::Status status = SetSandboxLimits(settings.largest_file);
  if (!status.ok()) return status;
  if (status = FilterCalls(settings.socket); !status.ok()) return status;
  state.seccomp = true;
  return state;
}

}  // namespace cbzfs
