#include "fs/daemonize.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "fs/exit_codes.h"
#include "fs/service_notify.h"

namespace cbzfs {
namespace {

void Complain(const std::string& message) {
  const std::string line = absl::StrCat("cbzfs: ", message, "\n");
  fputs(line.c_str(), stderr);
}

bool WriteAll(int fd, const std::string& bytes) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    written += static_cast<size_t>(n);
  }
  return true;
}

std::string ReadAll(int fd) {
  std::string bytes;
  char chunk[4096];
  for (;;) {
    const ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return bytes;
    bytes.append(chunk, static_cast<size_t>(n));
  }
}

// What goes through the pipe: the exit code as one byte, then the message.
std::string Report(int exit_code, const std::string& message) {
  return std::string(1, static_cast<char>(exit_code)) + message;
}

[[noreturn]] void EndWithReport(int fd, pid_t child) {
  const std::string report = ReadAll(fd);
  if (report.empty()) {
    int status = 0;
    waitpid(child, &status, 0);
    Complain(WIFSIGNALED(status)
                 ? absl::StrCat("was killed by signal ", WTERMSIG(status), " while starting")
                 : "ended unexpectedly while starting");
    _exit(kExitFailure);
  }
  const int exit_code = static_cast<uint8_t>(report[0]);
  if (report.size() > 1) Complain(report.substr(1));
  _exit(exit_code);
}

void DetachStdio() {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
  if (null > STDERR_FILENO) close(null);
}

}  // namespace

Launch::Launch(bool foreground) {
  if (foreground) return;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    Complain(absl::StrCat("cannot start in the background: ", strerror(errno)));
    _exit(kExitFailure);
  }
  const pid_t child = fork();
  if (child < 0) {
    Complain(absl::StrCat("cannot start in the background: ", strerror(errno)));
    _exit(kExitFailure);
  }
  if (child > 0) {
    close(ends[1]);
    EndWithReport(ends[0], child);
  }
  close(ends[0]);
  report_ = ends[1];
  // At once, not when ready: the workers' zygote and fusermount3 inherit these.
  DetachStdio();
}

Launch::~Launch() {
  if (report_ >= 0) close(report_);
}

int Launch::Fail(int exit_code, const std::string& message) {
  TellServiceFailed(message);
  if (report_ < 0) {
    Complain(message);
  } else {
    WriteAll(report_, Report(exit_code, message));
    close(report_);
    report_ = -1;
  }
  return exit_code;
}

bool Launch::Ready() {
  if (report_ < 0) return true;
  if (setsid() < 0 || chdir("/") != 0) return false;
  const bool heard = WriteAll(report_, Report(kExitOk, ""));
  close(report_);
  report_ = -1;
  return heard;
}

void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace cbzfs
