// A worker's life: one request after another until the socket's end of file.
//
// One thread. The engines were made by the zygote before the fork; this process has copies of them.

#ifndef CBZFS_CODECS_WORKER_REQUEST_LOOP_H_
#define CBZFS_CODECS_WORKER_REQUEST_LOOP_H_

#include "codecs/worker/open_sources.h"

namespace cbzfs {

// Returns the worker's exit code.
int ServeRequests(const Engines& engines, int socket);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_REQUEST_LOOP_H_
