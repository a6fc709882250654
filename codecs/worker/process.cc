#include "codecs/worker/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "codecs/worker/sanitized.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {
namespace {

constexpr int kSteps = 10;
constexpr int kNicest = 19;

}  // namespace

uint64_t OwnMemoryOf(pid_t pid) {
  if (kSanitized) return 0;
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  const UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  char text[128] = {};
  if (!fd.valid() || read(fd.get(), text, sizeof text - 1) <= 0) return 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  if (sscanf(text, "%*u %lu %lu", &resident, &shared) != 2 || shared > resident) return 0;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void MakeNicer(pid_t pid) {
  // Of the whole process: a daemon's thread may have been made nicer than the rest.
  const int own = getpriority(PRIO_PROCESS, static_cast<id_t>(getpid()));
  setpriority(PRIO_PROCESS, static_cast<id_t>(pid), std::min(own + kSteps, kNicest));
}

}  // namespace cbzfs
