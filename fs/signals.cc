#include "fs/signals.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cbzfs {
namespace {

// Dispositions are the process', and so is the pipe that a handler, which has no context, writes
// to.
int g_pipe[2] = {-1, -1};

void Note(int signal_number) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signal_number);
  [[maybe_unused]] const ssize_t written = write(g_pipe[1], &byte, 1);
  errno = saved;
}

constexpr int kEnding[] = {SIGTERM, SIGINT, SIGHUP};

}  // namespace

EndSignals::EndSignals() {
  if (pipe2(g_pipe, O_CLOEXEC) != 0) return;
  fcntl(g_pipe[1], F_SETFL, O_NONBLOCK);
  struct sigaction action = {};
  action.sa_flags = SA_RESTART;
  action.sa_handler = Note;
  for (const int signal_number : kEnding) sigaction(signal_number, &action, nullptr);
  action.sa_handler = [](int) {};
  sigaction(SIGPIPE, &action, nullptr);
}

EndSignals::~EndSignals() {
  for (const int signal_number : kEnding) signal(signal_number, SIG_IGN);
  close(g_pipe[0]);
  close(g_pipe[1]);
}

EndListener::EndListener(std::function<void(int)> on_end) {
  thread_ = std::thread([on_end = std::move(on_end)] {
    pthread_setname_np(pthread_self(), "signals");
    unsigned char byte = 0;
    ssize_t got = 0;
    do {
      got = read(g_pipe[0], &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1 && byte != 0) on_end(byte);
  });
}

EndListener::~EndListener() {
  Note(0);  // nobody's signal, only a wake
  thread_.join();
}

}  // namespace cbzfs
