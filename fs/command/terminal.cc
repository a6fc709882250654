#include "fs/command/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "absl/time/clock.h"

namespace cbzfs {
namespace {

volatile sig_atomic_t g_ended = 0;

void NoteEnd(int /*signal_number*/) { g_ended = 1; }

}  // namespace

size_t TerminalColumns(int fd) {
  if (isatty(fd) == 0) return 0;
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

LiveScreen::LiveScreen() {
  struct sigaction action = {};
  action.sa_handler = NoteEnd;  // without SA_RESTART: it ends the wait
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  fputs("\x1b[?1049h\x1b[?25l", stdout);
}

LiveScreen::~LiveScreen() {
  fputs("\x1b[?25h\x1b[?1049l", stdout);
  fflush(stdout);
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool LiveScreen::WaitForEnd(absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  while (g_ended == 0) {
    const int64_t left = absl::ToInt64Milliseconds(end - absl::Now());
    if (left <= 0) return false;
    pollfd key = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (poll(&key, 1, static_cast<int>(left)) <= 0) continue;  // again, or a signal
    char typed = 0;
    if (read(STDIN_FILENO, &typed, 1) <= 0 || typed == 'q' || typed == 'Q') return true;
  }
  return true;
}

}  // namespace cbzfs
