// The system calls that drawing needs, for libseccomp.
//
// Measured, not guessed: strace on the workers over the 326 documents of the test collections,
// every image format whole and cut short, archives of every method, in all four views, with memory
// and without. Beyond that the list has what a crash needs to look like one, and what glibc does on
// another machine or at another time (clocks, seeds, giving memory back). Both architectures have
// every call under the same name (x86-64 and aarch64: no open, no fork, no stat, which aarch64
// never had).
//
// One thread.

#ifndef CBZFS_CODECS_WORKER_SANDBOX_SYSCALLS_H_
#define CBZFS_CODECS_WORKER_SANDBOX_SYSCALLS_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/status.h"

namespace cbzfs {

// Whether the list was made for this architecture (SCMP_ARCH_...).
bool HasSyscallList(uint32_t architecture);

// Adds the rules that allow them to `filter`, a scmp_filter_ctx whose default is to kill, for the
// process `self`, whose socket is `socket`. kFailedPrecondition names the call that was refused.
absl::Status AllowCalls(void* filter, int socket, pid_t self);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_SANDBOX_SYSCALLS_H_
