// What the workers write to their standard error, into the daemon's log, bounded.
//
// A hostile document makes MuPDF write a million lines. So the workers' standard error is a pipe
// that does not block its writers; what passes the allowance of a minute is not read, and lost.
//
// One thread.

#ifndef CBZFS_CODECS_WORKER_STDERR_DRAIN_H_
#define CBZFS_CODECS_WORKER_STDERR_DRAIN_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "codecs/worker/clock.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {

class StderrDrain {
 public:
  static constexpr size_t kBytesPerMinute = 16 << 10;

  static absl::StatusOr<std::unique_ptr<StderrDrain>> Make();

  int read_fd() const { return read_end_.get(); }
  int write_fd() const { return write_end_.get(); }

  // Logs what has arrived. False when this minute's allowance is used up: do not watch read_fd()
  // before resumes_at().
  bool OnReadable(MonotonicTime now);
  MonotonicTime resumes_at() const { return minute_ends_; }

 private:
  StderrDrain(UniqueFd read_end, UniqueFd write_end);
  void LogLines();

  const UniqueFd read_end_;
  const UniqueFd write_end_;  // kept for the next zygote
  std::string partial_;       // a line that has not ended
  size_t left_ = 0;
  MonotonicTime minute_ends_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_STDERR_DRAIN_H_
