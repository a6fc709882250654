// Processes by descriptor: a pidfd never means another process that got the number since.
//
// By syscall: <sys/pidfd.h> of glibc 2.36 forgets extern "C". Any thread.

#ifndef CBZFS_CODECS_WORKER_PIDFD_H_
#define CBZFS_CODECS_WORKER_PIDFD_H_

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "codecs/worker/unique_fd.h"

namespace cbzfs {

// Close-on-exec; readable once the process has ended. Invalid, with errno, when it has gone or the
// kernel (before 5.3) has none.
inline UniqueFd OpenPidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

inline bool SignalPidfd(const UniqueFd& pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_PIDFD_H_
