// Keeps a source that hangs (a network share whose server is gone) from taking all threads of the
// loop with it.
//
// Reading the library may wait for as long as the file system below likes. So at most `most`
// threads are let in at a time, and at most `most_per_key` of them for one inode; the rest of the
// loop's threads answer what needs no source. What is not let in waits in a queue, not on a thread,
// and is done by the next thread that comes out.
//
// Measured with ten threads and no gate: ten readers of files that hang stalled the mount, its
// status file included; a stat of another folder was still answered beside nine. With the adapter's
// numbers fifty-six requests that hang, in fourteen files or more, stall the library, and the
// status file goes on.
//
// Threads: any. Work may be done on the caller's thread or on that of another caller.

#ifndef CBZFS_FS_FUSE_GATE_H_
#define CBZFS_FS_FUSE_GATE_H_

#include <cstdint>
#include <list>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace cbzfs {

class Gate {
 public:
  using Work = absl::AnyInvocable<void()>;

  Gate(int most, int most_per_key) : most_(most), most_per_key_(most_per_key) {}

  // Does the work now, or has it done later.
  void Run(uint64_t key, Work work);

 private:
  struct Waiting {
    uint64_t key;
    Work work;
  };

  bool Enter(uint64_t key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Leave(uint64_t key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const int most_;
  const int most_per_key_;
  absl::Mutex mu_;
  int inside_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<uint64_t, int> inside_for_ ABSL_GUARDED_BY(mu_);
  std::list<Waiting> waiting_ ABSL_GUARDED_BY(mu_);  // in order of arrival
};

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_GATE_H_
