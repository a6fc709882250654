#include "fs/watch/inotify.h"

#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

namespace cbzfs {
namespace {

// IN_CLOSE_WRITE besides IN_MODIFY: writes through a mapping are only told at the end.
constexpr uint32_t kWanted = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY |
                             IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

class KernelsInotify : public Inotify {
 public:
  int Open() override {
    const int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return fd < 0 ? -errno : fd;
  }

  int Add(int inotify, int folder) override {
    // inotify takes paths only; this one leads to just this folder, whatever is renamed meanwhile.
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", folder);
    const int watch = inotify_add_watch(inotify, path, kWanted | IN_ONLYDIR | IN_EXCL_UNLINK);
    return watch < 0 ? -errno : watch;
  }

  void Remove(int inotify, int watch) override { inotify_rm_watch(inotify, watch); }

  int64_t FileSystemType(int folder) override {
    struct statfs st;
    return fstatfs(folder, &st) == 0 ? static_cast<int64_t>(st.f_type) : 0;
  }
};

}  // namespace

std::unique_ptr<Inotify> RealInotify() { return std::make_unique<KernelsInotify>(); }

}  // namespace cbzfs
