// A worker's life: one request after another until the socket's end of file.
//
// One thread, in its sandbox already (sandbox.h): whatever needs files, threads or the environment
// belongs into worker_main.cc, before the fork. The engines were made there; this process has
// copies of them.

#ifndef CBZFS_CODECS_WORKER_REQUEST_LOOP_H_
#define CBZFS_CODECS_WORKER_REQUEST_LOOP_H_

#include "codecs/worker/open_sources.h"
#include "codecs/worker/protocol.pb.h"

namespace cbzfs {

// Says `hello` first. Returns the worker's exit code.
int ServeRequests(const Engines& engines, int socket, const proto::Hello& hello);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_REQUEST_LOOP_H_
