// What a worker's sandbox consists of, as the worker told it when it was closed.
//
// A plain value.

#ifndef CBZFS_CODECS_WORKER_SANDBOX_STATE_H_
#define CBZFS_CODECS_WORKER_SANDBOX_STATE_H_

#include <cstdint>

namespace cbzfs {

struct SandboxState {
  bool strict = false;        // as it was asked for
  bool seccomp = false;       // the filter of system calls is in force
  uint32_t landlock_abi = 0;  // 0: the kernel has no Landlock
  uint32_t uid = 0;           // whom the worker runs as
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_SANDBOX_STATE_H_
