// A worker's life: one request after another until the socket's end of file.
//
// One thread. `engine` was made by the zygote before the fork; this process has a copy of it.

#ifndef CBZFS_CODECS_WORKER_REQUEST_LOOP_H_
#define CBZFS_CODECS_WORKER_REQUEST_LOOP_H_

#include "codecs/pdf/pdf.h"

namespace cbzfs {

// Returns the worker's exit code.
int ServeRequests(PdfEngine* engine, int socket);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_REQUEST_LOOP_H_
