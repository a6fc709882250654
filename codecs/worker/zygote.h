// The daemon's end of the zygote (zygote_server.h).
//
// One thread. The program is started by posix_spawn, which is safe in a process with threads and
// copies no memory: the daemon itself is never forked.

#ifndef CBZFS_CODECS_WORKER_ZYGOTE_H_
#define CBZFS_CODECS_WORKER_ZYGOTE_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {

// What a worker may use.
struct WorkerLimits {
  uint64_t address_space_bytes = 0;
  uint64_t heap_bytes = 0;
  bool sandbox = true;  // closed before it serves (sandbox.h)
};

// A worker that was forked, or that could not be.
struct SpawnedWorker {
  uint64_t id = 0;
  pid_t pid = -1;
  UniqueFd pidfd;  // invalid where the kernel has none
  int error = 0;   // errno
};

// A worker that has ended and was reaped.
struct EndedWorker {
  uint64_t id = 0;
  int wait_status = 0;
};

class Zygote {
 public:
  // Starts the program with `stderr_fd` as its standard error, nothing else of this process open,
  // and no environment but what sanitizers and the loader want. Does not wait for its Hello.
  // kFailedPrecondition with a message for the user when it cannot be started.
  static absl::StatusOr<std::unique_ptr<Zygote>> Launch(const std::string& program, int stderr_fd);
  // Kills it, and with it its workers, unless Finish() did it more gently.
  ~Zygote();

  int socket() const { return socket_.get(); }

  // What arrives first. As CheckHello(); kUnavailable when it is gone.
  absl::Status ReceiveHello();
  // Asks for a worker that is given `worker_socket`. Any failure means the zygote is of no use.
  absl::Status RequestWorker(uint64_t id, int worker_socket, const WorkerLimits& limits);
  // What it tells afterwards, as of channel.h.
  absl::StatusOr<std::variant<SpawnedWorker, EndedWorker>> ReceiveNews();

  // Lets it kill and reap its workers, and kills it if that takes long (2 s).
  void Finish();

 private:
  Zygote(pid_t pid, UniqueFd socket);
  void Reap();

  pid_t pid_;
  UniqueFd pidfd_;
  UniqueFd socket_;
};

// A pipe's or socket's descriptor out of the way of 0 to 9, which a child's are arranged in.
UniqueFd AboveStandard(UniqueFd fd);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_ZYGOTE_H_
