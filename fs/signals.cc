#include "fs/signals.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace cbzfs {
namespace {

constexpr int kEnding[] = {SIGTERM, SIGINT, SIGHUP};

sigset_t Ending() {
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal_number : kEnding) sigaddset(&ending, signal_number);
  return ending;
}

}  // namespace

EndSignals::EndSignals() {
  const sigset_t ending = Ending();
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  struct sigaction action = {};
  action.sa_flags = SA_RESTART;
  action.sa_handler = [](int) {};
  sigaction(SIGPIPE, &action, nullptr);
}

EndSignals::~EndSignals() {
  // Those that still wait are ignored.
  for (const int signal_number : kEnding) signal(signal_number, SIG_IGN);
  const sigset_t ending = Ending();
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
}

EndListener::EndListener(std::function<void(int)> on_end) {
  thread_ = std::thread([this, on_end = std::move(on_end)] {
    pthread_setname_np(pthread_self(), "signals");
    const sigset_t ending = Ending();
    int signal_number = 0;
    while (sigwait(&ending, &signal_number) != 0) {
    }
    if (!over_) on_end(signal_number);
  });
}

EndListener::~EndListener() {
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);  // nobody's signal, only a wake
  thread_.join();
}

}  // namespace cbzfs
