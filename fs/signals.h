// SIGTERM, SIGINT and SIGHUP end a mount; SIGPIPE ends nothing.
//
// All threads block them, so one that comes while the mount is being made waits until somebody
// listens, and none ever interrupts another thread's work. There are no handlers: what may be done
// in one is little, and under ThreadSanitizer it is called when its thread next calls certain
// functions of libc, which may be never. Worker processes begin with nothing blocked (zygote.cc). A
// second signal has no further effect.
//
// Both are one a process, and for the main thread.

#ifndef CBZFS_FS_SIGNALS_H_
#define CBZFS_FS_SIGNALS_H_

#include <atomic>
#include <functional>
#include <thread>

namespace cbzfs {

// Before other threads exist, which inherit what is blocked.
class EndSignals {
 public:
  EndSignals();
  ~EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;
};

// While it lives, calls `on_end` with the number of the first signal, on a thread of its own. Made
// within the life of EndSignals.
class EndListener {
 public:
  explicit EndListener(std::function<void(int)> on_end);
  ~EndListener();  // returns when a call under way has returned
  EndListener(const EndListener&) = delete;
  EndListener& operator=(const EndListener&) = delete;

 private:
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_SIGNALS_H_
