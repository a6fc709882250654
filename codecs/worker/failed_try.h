// How one try of a request failed, and what two of them say together.
//
// Everything that can end badly is tried twice, because the first failure alone does not tell whose
// it is (failure.h): a page that crashes two workers in the same way is bad, a worker that was
// killed may have had bad luck.
//
// Plain values: any thread.

#ifndef CBZFS_CODECS_WORKER_FAILED_TRY_H_
#define CBZFS_CODECS_WORKER_FAILED_TRY_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace cbzfs {

struct FailedTry {
  enum class How {
    kAnswered,  // the worker said so, and is well
    kNonsense,  // its answer cannot be one
    kTimeout,   // killed at the deadline
    kSignal,    // died of one
    kExit,      // ended by itself
    kBrokeOff,  // closed its socket, and how it ended is not known
  };

  How how = How::kAnswered;
  int number = 0;       // of the signal, or the exit status
  absl::Status status;  // what is said of this try; its code is the answer's with kAnswered

  static FailedTry Answered(absl::Status status);
  static FailedTry Nonsense(absl::Status status);
  static FailedTry Timeout(absl::Duration deadline);
  // `wait_status` as of waitpid().
  static FailedTry Died(int wait_status);
  static FailedTry BrokeOff();

  // A worker was lost by it.
  bool CostAWorker() const { return how != How::kAnswered; }
  // SIGKILL from outside: the kernel, for memory, or anybody.
  bool WasKilled() const;
  // Died of what a bad page does: SIGSEGV, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS.
  bool Crashed() const;
  // It may have been the document, its time, its memory, rather than somebody outside.
  bool MayBeTheDocument() const;
  // By a system call that the sandbox forbids (SIGSYS).
  bool StoppedBySandbox() const;
};

// What a request fails with whose tries failed so. The same answer twice is that answer, the same
// crash twice kInternal, nonsense twice kDataLoss, the deadline twice kDeadlineExceeded. All else,
// and whatever is different the second time, is an accident that the second try describes.
absl::Status StatusOfTwo(const FailedTry& first, const FailedTry& second);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_FAILED_TRY_H_
