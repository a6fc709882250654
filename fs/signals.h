// SIGTERM, SIGINT and SIGHUP end a mount; SIGPIPE ends nothing.
//
// Handlers are installed with the object and only note the signal, so one that comes while the
// mount is being made counts as soon as somebody listens. They are handlers and not a blocked mask
// or SIG_IGN, which the worker processes would inherit. A second signal has no further effect.
//
// Both are one a process, and for the main thread.

#ifndef CBZFS_FS_SIGNALS_H_
#define CBZFS_FS_SIGNALS_H_

#include <functional>
#include <thread>

namespace cbzfs {

// Installs the handlers, for good. Before other threads exist.
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
  std::thread thread_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_SIGNALS_H_
