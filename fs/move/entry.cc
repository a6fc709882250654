#include "fs/move/entry.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "fs/move/failure.h"

namespace cbzfs {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

UniqueFd Open(const Entry& entry, int flags) {
  flags |= O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
  UniqueFd fd(openat(entry.folder, entry.name.c_str(), flags | O_NOATIME));
  // Only its owner may look at a file without a trace.
  if (!fd.valid() && errno == EPERM) fd = UniqueFd(openat(entry.folder, entry.name.c_str(), flags));
  return fd;
}

bool IsSameTime(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

Entry Entry::Child(int fd, const std::string& child) const {
  return {.folder = fd, .name = child, .path = absl::StrCat(path, "/", child)};
}

int StatEntry(const Entry& entry, struct stat* st) {
  return fstatat(entry.folder, entry.name.c_str(), st, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

UniqueFd OpenFile(const Entry& entry) { return Open(entry, O_NONBLOCK); }

UniqueFd OpenFolder(const Entry& entry) { return Open(entry, O_DIRECTORY); }

absl::StatusOr<std::vector<std::string>> NamesOf(int folder, const std::string& path) {
  UniqueFd again(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again.valid()) return CannotRead(path, errno);
  const std::unique_ptr<DIR, CloseFolder> listing(fdopendir(again.get()));
  if (listing == nullptr) return CannotRead(path, errno);
  again.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const found = readdir(listing.get());
    if (found == nullptr && errno != 0) return CannotRead(path, errno);
    if (found == nullptr) break;
    if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0) {
      names.emplace_back(found->d_name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool IsSameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool IsUnchanged(const struct stat& then, const struct stat& now) {
  return IsSameFile(then, now) && then.st_size == now.st_size && then.st_mode == now.st_mode &&
         IsSameTime(then.st_mtim, now.st_mtim) &&
         (then.st_nlink > 1 || IsSameTime(then.st_ctim, now.st_ctim));
}

int Rename(const Entry& from, const Entry& to, bool replace) {
  if (!replace) {
    if (renameat2(from.folder, from.name.c_str(), to.folder, to.name.c_str(), RENAME_NOREPLACE) ==
        0) {
      return 0;
    }
    // NFS and some others know no flags. Then the look and the renaming are two steps.
    if (errno != EINVAL && errno != ENOSYS) return errno;
    struct stat there;
    const int looked = StatEntry(to, &there);
    if (looked != ENOENT) return looked == 0 ? EEXIST : looked;
  }
  const int done = renameat(from.folder, from.name.c_str(), to.folder, to.name.c_str());
  return done == 0 ? 0 : errno;
}

}  // namespace cbzfs
