#include "fs/move/metadata.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "fs/move/failure.h"

namespace cbzfs {
namespace {

constexpr char kAccessAcl[] = "system.posix_acl_access";
constexpr char kDefaultAcl[] = "system.posix_acl_default";
constexpr mode_t kModeBits = 07777;
// FAT keeps two seconds.
constexpr time_t kCoarsestTime = 2;

std::vector<std::string> AttributesOf(int fd) {
  std::string names;
  for (;;) {
    const ssize_t size = flistxattr(fd, nullptr, 0);
    if (size <= 0) return {};
    names.resize(static_cast<size_t>(size));
    const ssize_t got = flistxattr(fd, names.data(), names.size());
    if (got < 0 && errno == ERANGE) continue;  // there are more by now
    if (got <= 0) return {};
    names.resize(static_cast<size_t>(got));
    return absl::StrSplit(names, '\0', absl::SkipEmpty());
  }
}

std::optional<std::string> ValueOf(int fd, const std::string& name) {
  std::string value;
  for (;;) {
    const ssize_t size = fgetxattr(fd, name.c_str(), nullptr, 0);
    if (size < 0) return std::nullopt;
    value.resize(static_cast<size_t>(size));
    const ssize_t got = fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (got < 0 && errno == ERANGE) continue;
    if (got < 0) return std::nullopt;
    value.resize(static_cast<size_t>(got));
    return value;
  }
}

// Those that the machine gives to each new file, or that only some users may see.
bool IsOfTheSystem(const std::string& name) {
  return absl::StartsWith(name, "security.") || absl::StartsWith(name, "trusted.");
}

// Of a file system that has no such thing, or a user who may not. 0 is neither.
bool CannotKeep(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
    case EOPNOTSUPP:
    case ENOSYS:
    case EINVAL:
    case E2BIG:
    case ERANGE:
    case EOVERFLOW:
      return true;
    default:
      return false;
  }
}

// 0 or an errno: of the first failure that is one, else of what could not be kept.
int KeepAttributes(int from, int to, const std::vector<std::string>& names) {
  int lost = 0;
  for (const std::string& name : names) {
    const auto value = ValueOf(from, name);
    if (!value.has_value()) {
      if (!IsOfTheSystem(name)) lost = EACCES;
      continue;
    }
    if (fsetxattr(to, name.c_str(), value->data(), value->size(), /*flags=*/0) == 0) continue;
    if (!CannotKeep(errno)) return errno;
    if (!IsOfTheSystem(name)) lost = errno;
  }
  return lost;
}

// What a new file got from the folder that it is in.
void DropInheritedAcls(int to) {
  fremovexattr(to, kAccessAcl);
  fremovexattr(to, kDefaultAcl);
}

// 0 or an errno. The group alone is better than nothing.
int KeepOwner(int to, const struct stat& st) {
  if (fchown(to, st.st_uid, st.st_gid) == 0) return 0;
  const int error = errno;
  if (!CannotKeep(error)) return error;
  const bool has_group = fchown(to, static_cast<uid_t>(-1), st.st_gid) == 0;
  return has_group && st.st_uid == geteuid() ? 0 : error;
}

bool IsNear(const timespec& a, const timespec& b) {
  return std::labs(a.tv_sec - b.tv_sec) <= kCoarsestTime;
}

}  // namespace

absl::Status KeepMetadata(int from, int to, const std::string& path, const struct stat& st,
                          MoveCounts* counts) {
  const std::vector<std::string> attributes = AttributesOf(from);
  DropInheritedAcls(to);
  const int owner = KeepOwner(to, st);
  if (owner != 0 && !CannotKeep(owner)) return CannotWrite(path, owner);
  // A program that runs with its owner's rights never gets another owner's.
  const mode_t mode = st.st_mode & (owner == 0 ? kModeBits : 01777);
  // Before the ACLs, whose mask it would change.
  if (fchmod(to, mode) != 0 && !CannotKeep(errno)) return CannotWrite(path, errno);
  const int lost = KeepAttributes(from, to, attributes);
  if (lost != 0 && !CannotKeep(lost)) return CannotWrite("the attributes of " + path, lost);
  if (lost != 0) ++counts->lost_attributes;
  const timespec times[2] = {st.st_atim, st.st_mtim};
  if (futimens(to, times) != 0 && !CannotKeep(errno)) return CannotWrite(path, errno);
  // Some file systems say yes and do nothing.
  struct stat now;
  if (fstat(to, &now) != 0) return CannotRead(path, errno);
  if (geteuid() == 0 && (now.st_uid != st.st_uid || now.st_gid != st.st_gid)) {
    ++counts->lost_owners;
  }
  if ((now.st_mode & kModeBits) != (st.st_mode & kModeBits)) ++counts->lost_modes;
  if (!IsNear(now.st_mtim, st.st_mtim)) ++counts->lost_times;
  return absl::OkStatus();
}

absl::Status KeepLinkMetadata(const Entry& to, const struct stat& st, MoveCounts* counts) {
  if (fchownat(to.folder, to.name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
    if (!CannotKeep(errno)) return CannotWrite(to.path, errno);
    if (geteuid() == 0) ++counts->lost_owners;
  }
  const timespec times[2] = {st.st_atim, st.st_mtim};
  if (utimensat(to.folder, to.name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    if (!CannotKeep(errno)) return CannotWrite(to.path, errno);
    ++counts->lost_times;
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
