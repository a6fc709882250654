// What the pool asks of whoever watches over the memory of the whole mount.
//
// The pool knows what its workers take; what else counts against the same budget (finished pages)
// and how the machine is doing it does not. The real one is fs/core/memory_plan.h.
//
// Called on the pool's thread, while it holds no lock; quick, since all requests wait meanwhile.

#ifndef CBZFS_CODECS_WORKER_MEMORY_KEEPER_H_
#define CBZFS_CODECS_WORKER_MEMORY_KEEPER_H_

#include <cstdint>

#include "absl/status/status.h"

namespace cbzfs {

class MemoryKeeper {
 public:
  virtual ~MemoryKeeper() = default;

  // At most `room` bytes are left beside the work at the workers. The keeper cuts down what else it
  // holds as far as that can be done now, keeps it so until the next call, and returns what it
  // still holds.
  virtual uint64_t Fit(uint64_t room) = 0;

  // Whether work that takes `bytes` may be taken on at all on this machine now; else
  // kResourceExhausted with a message for the user.
  virtual absl::Status MayTake(uint64_t bytes) = 0;

  // Memory is short: one drawing at a time.
  virtual bool Pressed() = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_MEMORY_KEEPER_H_
