#include "codecs/worker/sandbox_syscalls.h"

#include <linux/futex.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

// A call is allowed when all conditions of one of its rules hold; int arguments are compared in
// full, so that rubbish in their upper half, which the kernel would ignore, kills.
struct Rule {
  int call;
  unsigned int conditions = 0;
  scmp_arg_cmp condition[2] = {};
};

// Whatever their arguments.
constexpr int kHarmless[] = {
    // glibc's malloc, and through it everything.
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
    // Seeds of hash tables and malloc's; most are drawn before the fork.
    SCMP_SYS(getrandom),
    // glibc's qsort asks how much memory there is, and takes what it gets for the answer even when
    // the call failed: an error would make the order of equal elements, and so pages, depend on
    // chance.
    SCMP_SYS(sysinfo),
    // Sources and results: their size, writing, closing. pwrite64 on a source, which is open for
    // reading, is EBADF; on a result past its end EPERM, since it is sealed.
    SCMP_SYS(lseek), SCMP_SYS(pwrite64), SCMP_SYS(close),
    // Where the kernel's clock cannot be read from user space (Xen, HPET).
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    // The end, and abort() on the way there: a crash shall be a SIGABRT and not a SIGSYS.
    SCMP_SYS(exit_group), SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid), SCMP_SYS(gettid)};

// Not seccomp.h's macros, which are C.
constexpr scmp_arg_cmp Equals(unsigned int argument, scmp_datum_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
// The bits of `mask` are those of `value`.
constexpr scmp_arg_cmp HasBits(unsigned int argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

absl::Status Allow(scmp_filter_ctx filter, const Rule& rule) {
  const int error =
      seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule.call, rule.conditions, rule.condition);
  if (error == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("seccomp: no rule for system call ", rule.call, ": ", strerror(-error)));
}

}  // namespace

bool HasSyscallList(uint32_t architecture) {
  return architecture == SCMP_ARCH_X86_64 || architecture == SCMP_ARCH_AARCH64;
}

absl::Status AllowCalls(void* filter, int socket, pid_t self) {
  const auto fd = static_cast<scmp_datum_t>(socket);
  const scmp_arg_cmp on_socket = Equals(0, fd);
  const scmp_arg_cmp on_stderr = Equals(0, STDERR_FILENO);
  const scmp_arg_cmp not_executable = HasBits(2, PROT_EXEC, 0);
  constexpr scmp_datum_t kOperation = ~scmp_datum_t{FUTEX_PRIVATE_FLAG};
  const Rule rules[] = {
      {SCMP_SYS(recvmsg), 1, {on_socket}},
      {SCMP_SYS(sendmsg), 1, {on_socket}},
      // Messages of the libraries; writev is glibc's for those of abort().
      {SCMP_SYS(write), 1, {on_stderr}},
      {SCMP_SYS(writev), 1, {on_stderr}},
      {SCMP_SYS(mmap), 1, {not_executable}},
      // malloc, when it gives memory back to a system that has huge pages.
      {SCMP_SYS(madvise), 1, {Equals(2, MADV_DONTNEED)}},
      // pthread_once and the like wake whoever might wait, and nobody does: dav1d (AVIF).
      {SCMP_SYS(futex), 1, {HasBits(1, kOperation, FUTEX_WAKE)}},
      // What the next request may take, up to the hard limit.
      {SCMP_SYS(prlimit64), 2, {Equals(0, 0), Equals(1, RLIMIT_DATA)}},
      // abort().
      {SCMP_SYS(tgkill), 2, {Equals(0, static_cast<scmp_datum_t>(self)), Equals(2, SIGABRT)}},
  };
  for (const int call : kHarmless) {
    if (absl::Status status = Allow(filter, {.call = call}); !status.ok()) return status;
  }
  for (const Rule& rule : rules) {
    if (absl::Status status = Allow(filter, rule); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
