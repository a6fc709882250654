// What is written to standard error while the object lives, also by child processes.
//
// libfuse and fusermount3 explain a failed mount there and nowhere else; the reason belongs into
// our own message, and with a daemon there may be nobody at the other end. Main thread, short use:
// what other threads write goes into the text as well. More than a pipe holds (64 KiB) is dropped.

#ifndef CBZFS_FS_FUSE_STDERR_CAPTURE_H_
#define CBZFS_FS_FUSE_STDERR_CAPTURE_H_

#include <string>

namespace cbzfs {

class StderrCapture {
 public:
  StderrCapture();
  ~StderrCapture();
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  // Ends the capture: the lines so far, joined by "; ".
  std::string Finish();

 private:
  int saved_ = -1;
  int read_end_ = -1;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_STDERR_CAPTURE_H_
