// Going into the background, such that the command returns when the mount can be used, or with the
// message and the exit code of whatever went wrong before.
//
// The process forks before it has threads. The parent waits for the child's report; the child
// starts everything, becomes a session leader, and reports. It does so after the mount and not
// before it: where systemd mounts because somebody looked (x-systemd.automount), everybody who
// touches the mount point meanwhile waits, but for the process group of systemd and mount(8).
// Neither the child nor what it starts keeps the terminal or a pipe of the caller open: `x=$(cbzfs
// ...)` returns.
//
// One per process, main thread.

#ifndef CBZFS_FS_DAEMONIZE_H_
#define CBZFS_FS_DAEMONIZE_H_

#include <string>

namespace cbzfs {

class Launch {
 public:
  // In the foreground nothing is forked and messages go to standard error directly. In the
  // background this returns in the child only; the parent ends with the child's report.
  explicit Launch(bool foreground);
  ~Launch();
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  // Reports a failure, to a service manager too, and gives back `exit_code`, for main() to return.
  int Fail(int exit_code, const std::string& message);

  // Reports success. False: nobody waits any more (the command was interrupted), so there should be
  // no mount either.
  bool Ready();

 private:
  int report_ = -1;  // the pipe to the parent; -1 in the foreground
};

// Every book that is open or being read costs descriptors, so as many are taken as may be had.
void RaiseDescriptorLimit();

}  // namespace cbzfs

#endif  // CBZFS_FS_DAEMONIZE_H_
