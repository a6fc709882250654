// The terminal, where there is one.
//
// Main thread, but for TerminalColumns().

#ifndef CBZFS_FS_COMMAND_TERMINAL_H_
#define CBZFS_FS_COMMAND_TERMINAL_H_

#include <termios.h>

#include <cstddef>

#include "absl/time/time.h"

namespace cbzfs {

// Columns of the terminal at `fd`; 0: it is none.
size_t TerminalColumns(int fd);

// While it lives, keys come at once and unseen, and the screen is another one, which gives way to
// the old one at the end. Standard input and output are terminals.
class LiveScreen {
 public:
  LiveScreen();
  ~LiveScreen();
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  // Waits for so long; true: the user wants to end (q, or a signal, for which handlers are set).
  bool WaitForEnd(absl::Duration timeout);

 private:
  termios before_ = {};
};

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_TERMINAL_H_
