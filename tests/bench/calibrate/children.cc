#include "tests/bench/calibrate/children.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace cbzfs {
namespace {

struct Child {
  pid_t pid = -1;
  int fd = -1;
  size_t item = 0;
  std::string bytes;
};

[[noreturn]] void Work(int to, size_t item, const ChildLimits& limits,
                       const std::function<std::string(size_t)>& work) {
  const rlimit memory = {limits.memory_bytes, limits.memory_bytes};
  const rlimit cpu = {limits.seconds, limits.seconds};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CPU, &cpu);
  const std::string bytes = work(item);
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t wrote = write(to, bytes.data() + at, bytes.size() - at);
    if (wrote <= 0) _exit(1);
    at += static_cast<size_t>(wrote);
  }
  _exit(0);
}

Child Start(size_t item, const ChildLimits& limits,
            const std::function<std::string(size_t)>& work) {
  int ends[2];
  Child child;
  child.item = item;
  if (pipe2(ends, O_CLOEXEC) != 0) return child;
  child.pid = fork();
  if (child.pid == 0) Work(ends[1], item, limits, work);
  close(ends[1]);
  child.fd = ends[0];
  return child;
}

// False when the child has said all.
bool ReadSome(Child* child) {
  char buffer[65536];
  const ssize_t got = read(child->fd, buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  child->bytes.append(buffer, static_cast<size_t>(got));
  return true;
}

}  // namespace

double CpuMilliseconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

void RunChildren(size_t count, const ChildLimits& limits,
                 const std::function<std::string(size_t)>& work,
                 const std::function<void(size_t, std::string)>& done) {
  std::vector<Child> running;
  size_t next = 0;
  while (next < count || !running.empty()) {
    while (next < count && running.size() < limits.jobs) {
      running.push_back(Start(next++, limits, work));
    }
    std::vector<pollfd> polls;
    for (const Child& child : running) polls.push_back({child.fd, POLLIN, 0});
    poll(polls.data(), polls.size(), -1);
    for (size_t i = running.size(); i-- > 0;) {
      if (polls[i].revents == 0 || ReadSome(&running[i])) continue;
      int status = 0;
      close(running[i].fd);
      waitpid(running[i].pid, &status, 0);
      done(running[i].item, status == 0 ? std::move(running[i].bytes) : std::string());
      running.erase(running.begin() + static_cast<ptrdiff_t>(i));
    }
  }
}

}  // namespace cbzfs
