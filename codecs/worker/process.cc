#include "codecs/worker/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "codecs/worker/sanitized.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {
namespace {

constexpr int kSteps = 10;
constexpr int kNicest = 19;

// The beginning of a file of /proc/PID, with a zero after it; false when it cannot be read.
template <size_t N>
bool ReadProc(pid_t pid, const char* name, char (&text)[N]) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  const UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  const ssize_t got = fd.valid() ? read(fd.get(), text, N - 1) : -1;
  text[std::max<ssize_t>(got, 0)] = 0;
  return got > 0;
}

}  // namespace

uint64_t OwnMemoryOf(pid_t pid) {
  if (kSanitized) return 0;
  char text[128];
  if (!ReadProc(pid, "statm", text)) return 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  if (sscanf(text, "%*u %lu %lu", &resident, &shared) != 2 || shared > resident) return 0;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t DataOf(pid_t pid) {
  constexpr char kLabel[] = "\nVmData:";
  char text[4096];
  if (!ReadProc(pid, "status", text)) return 0;
  const char* const line = strstr(text, kLabel);
  return line == nullptr ? 0 : strtoull(line + strlen(kLabel), nullptr, 10) << 10;
}

void MakeNicer(pid_t pid) {
  // Of the whole process: a daemon's thread may have been made nicer than the rest.
  const int own = getpriority(PRIO_PROCESS, static_cast<id_t>(getpid()));
  setpriority(PRIO_PROCESS, static_cast<id_t>(pid), std::min(own + kSteps, kNicest));
}

}  // namespace cbzfs
