// What the pool reads and sets of a worker process.
//
// By pid: of a process that has gone, or of another that got the number since, these are wrong,
// which costs a worker or a little speed at the worst. Any thread.

#ifndef CBZFS_CODECS_WORKER_PROCESS_H_
#define CBZFS_CODECS_WORKER_PROCESS_H_

#include <sys/types.h>

#include <cstdint>

namespace cbzfs {

// Resident memory in bytes that is not a mapped file: sources are mapped and are nobody's burden.
// 0 when /proc does not say, and where a sanitizer keeps most of it (sanitized.h).
uint64_t OwnMemoryOf(pid_t pid);

// What counts against its RLIMIT_DATA, in bytes; 0 when /proc does not say.
uint64_t DataOf(pid_t pid);

// Ten steps nicer than this process, so that it only gets what others leave. There is no way back
// without a privilege.
void MakeNicer(pid_t pid);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_PROCESS_H_
