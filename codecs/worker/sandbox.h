// What a worker gives up before it looks at anything from outside, so that a document that takes it
// over has won a process that can compute and answer, and nothing else.
//
// Layers, each of which holds without the others:
//   identity      as root: nobody (65534), no groups. Every capability is gone, from the bounding
//                 set too where that may be changed. No way to new ones (no_new_privs). Nobody's
//                 other processes cannot look in (not dumpable). A root that could not kill
//                 nobody's processes afterwards, or whose namespace has no such user, keeps its
//                 number: a worker that outlives its deadline would be worse than one that is
//                 called root.
//   Landlock      every right that the running kernel knows is handled and none granted: no file
//   can
//                 be opened, none made, no TCP, no abstract socket, no signal to others. What is
//                 open already stays usable. Kernels without Landlock (before 5.13, or not switched
//                 on) do without.
//   limits        no process, no core, few descriptors, no file longer than its heap.
//   seccomp       system calls that are not on the list of sandbox_syscalls.cc kill the process.
//
// No namespaces are unshared: six of them cost 0.7 ms a fork (measured) and keep nothing away that
// the others do not.
//
// Programs built with sanitizers (sanitized.h) only give up the way to new privileges: their
// runtimes map terabytes, open files, start threads and look into themselves. The same holds for
// valgrind, which cannot be told from here: use `-o sandbox=off` with it.
//
// A process of one thread, the caller's; nothing of this can be undone.

#ifndef CBZFS_CODECS_WORKER_SANDBOX_H_
#define CBZFS_CODECS_WORKER_SANDBOX_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/worker/sandbox_state.h"
#include "codecs/worker/sanitized.h"

namespace cbzfs {

struct SandboxSettings {
  pid_t parent = -1;          // with whose end this process shall end
  int socket = -1;            // the one to receive from and send to
  uint64_t largest_file = 0;  // RLIMIT_FSIZE: a write beyond is death, not an error
};

// All layers, in this order. kFailedPrecondition with a message for the user when one cannot be
// had; the process is of no use then.
absl::StatusOr<SandboxState> CloseSandbox(const SandboxSettings& settings);

// The layers.
// Leaves SIGKILL at the parent's end set, which a change of identity takes away.
// kFailedPrecondition also when the parent has ended already.
absl::Status DropPrivileges(pid_t parent);
// The ABI's version, 0 where there is none.
absl::StatusOr<uint32_t> DenyFiles();
absl::Status SetSandboxLimits(uint64_t largest_file);
absl::Status FilterCalls(int socket);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_SANDBOX_H_
