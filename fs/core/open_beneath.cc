#include "fs/core/open_beneath.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {
namespace {

// As many links on one way as the kernel follows.
constexpr int kMaxLinks = 40;

// One walk: the folders on the way, each held open, and the names that are still to go.
class Walk {
 public:
  Walk(int root, int flags, Links links) : root_(root), flags_(flags | O_CLOEXEC), links_(links) {}

  int To(const std::string& path) {
    Append(path);
    while (!names_.empty()) {
      const std::string name = std::move(names_.back());
      names_.pop_back();
      if (name == "..") {
        if (folders_.empty()) return Fail(EXDEV);
        folders_.pop_back();
      } else if (const int fd = Step(name); fd != kOnward) {
        return fd;
      }
    }
    // The way ended at a folder that is held already: the root, or where ".." led.
    return openat(here(), ".", flags_);
  }

 private:
  static constexpr int kOnward = -2;

  static int Fail(int error) {
    errno = error;
    return -1;
  }

  int here() const { return folders_.empty() ? root_ : folders_.back().get(); }

  // In front of what is still to go.
  void Append(const std::string& path) {
    const std::vector<std::string> parts = absl::StrSplit(path, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (!part->empty() && *part != ".") names_.push_back(*part);
    }
  }

  // A descriptor of the end of the way, -1 for a failure, or kOnward.
  int Step(const std::string& name) {
    UniqueFd next(openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat st;
    if (!next.valid() || fstat(next.get(), &st) != 0) return -1;
    const bool last = names_.empty();
    if (S_ISLNK(st.st_mode)) {
      const bool wanted_itself = last && (flags_ & O_NOFOLLOW) != 0 && (flags_ & O_PATH) != 0;
      if (wanted_itself) return next.release();
      if (links_ == Links::kRefuse || (last && (flags_ & O_NOFOLLOW) != 0)) return Fail(ELOOP);
      return Follow(next.get());
    }
    if (!last) {
      if (!S_ISDIR(st.st_mode)) return Fail(ENOTDIR);
      folders_.push_back(std::move(next));
      return kOnward;
    }
    // What it is now is known not to be a link; should it become one meanwhile, this says ELOOP.
    return openat(here(), name.c_str(), flags_ | O_NOFOLLOW);
  }

  int Follow(int link) {
    if (++followed_ > kMaxLinks) return Fail(ELOOP);
    char target[PATH_MAX];
    const ssize_t length = readlinkat(link, "", target, sizeof target);
    if (length < 0) return -1;
    if (length == sizeof target) return Fail(ENAMETOOLONG);
    if (length > 0 && target[0] == '/') return Fail(EXDEV);
    Append(std::string(target, static_cast<size_t>(length)));
    return kOnward;
  }

  const int root_;
  const int flags_;
  const Links links_;
  std::vector<UniqueFd> folders_;
  std::vector<std::string> names_;  // the next one last
  int followed_ = 0;
};

}  // namespace

int WalkBeneath(int root, const std::string& path, int flags, Links links) {
  if (!path.empty() && path[0] == '/') {
    errno = EXDEV;
    return -1;
  }
  return Walk(root, flags, links).To(path);
}

int OpenBeneath(int root, const std::string& path, int flags, Links links) {
  static std::atomic<bool> refused = false;
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == Links::kRefuse) how.resolve |= RESOLVE_NO_SYMLINKS;
  while (!refused) {
    const long fd =
        syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof(how));
    if (fd >= 0) return static_cast<int>(fd);
    if (errno == ENOSYS) {
      refused = true;
      break;
    }
    // EAGAIN: a rename raced with the resolution; the kernel asks to try again.
    if (errno != EINTR && errno != EAGAIN) return -1;
  }
  return WalkBeneath(root, path, flags, links);
}

}  // namespace cbzfs
