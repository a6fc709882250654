// The zygote: the worker program as it runs first, single-threaded, warmed up, forking a worker
// whenever the daemon asks for one. It touches no document itself.
//
// Why not start a worker program each time, or fork the daemon: starting 44 MB of MuPDF takes
// 8 ms, forking a daemon with full caches 20 ms, forking this 3 ms (measured).
//
// One thread, and it must be the only one of the process: fork copies no other.

#ifndef CBZFS_CODECS_WORKER_ZYGOTE_SERVER_H_
#define CBZFS_CODECS_WORKER_ZYGOTE_SERVER_H_

#include <cstdint>
#include <functional>

#include "codecs/worker/protocol.pb.h"

namespace cbzfs {

// Says Hello on `socket`, forks workers and tells how they ended until its end of file; then kills
// and reaps them all.
// `serve` runs in each worker with the worker's socket and what it shall send first, and returns
// the worker's exit code; there, every descriptor but the socket and the standard three is closed,
// the limits are set, the worker dies with the zygote, and the sandbox is closed if the daemon
// asked for it (sandbox.h). Where that fails the daemon is told and `serve` never runs. Returns the
// zygote's exit code.
using WorkerMain = std::function<int(int socket, const proto::Hello& hello)>;
int RunZygote(int socket, const WorkerMain& serve);

// For a worker: sets its RLIMIT_DATA to so many bytes, or to the hard limit if that is less. 0 and
// an error leave it as it is.
void HoldToData(uint64_t bytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_ZYGOTE_SERVER_H_
