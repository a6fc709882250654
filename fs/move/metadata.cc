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

bool KeepAttributes(int from, int to, const std::vector<std::string>& names) {
  bool all = true;
  for (const std::string& name : names) {
    const auto value = ValueOf(from, name);
    const bool kept = value.has_value() &&
                      fsetxattr(to, name.c_str(), value->data(), value->size(), /*flags=*/0) == 0;
    if (!kept && !IsOfTheSystem(name)) all = false;
  }
  return all;
}

// What a new file got from the folder that it is in.
void DropInheritedAcls(int to) {
  fremovexattr(to, kAccessAcl);
  fremovexattr(to, kDefaultAcl);
}

// Whether owner and group are what they were.
bool KeepOwner(int to, const struct stat& st) {
  if (fchown(to, st.st_uid, st.st_gid) == 0) return true;
  return fchown(to, static_cast<uid_t>(-1), st.st_gid) == 0 && st.st_uid == geteuid();
}

bool IsNear(const timespec& a, const timespec& b) {
  return std::labs(a.tv_sec - b.tv_sec) <= kCoarsestTime;
}

}  // namespace

void KeepMetadata(int from, int to, const struct stat& st, MoveCounts* counts) {
  const std::vector<std::string> attributes = AttributesOf(from);
  DropInheritedAcls(to);
  const bool owned = KeepOwner(to, st);
  // A program that runs with its owner's rights never gets another owner's.
  const mode_t mode = st.st_mode & (owned ? kModeBits : 01777);
  fchmod(to, mode);  // before the ACLs, whose mask it would change
  if (!KeepAttributes(from, to, attributes)) ++counts->lost_attributes;
  const timespec times[2] = {st.st_atim, st.st_mtim};
  futimens(to, times);
  // Some file systems say yes and do nothing.
  struct stat now;
  if (fstat(to, &now) != 0) return;
  if (geteuid() == 0 && (now.st_uid != st.st_uid || now.st_gid != st.st_gid)) {
    ++counts->lost_owners;
  }
  if ((now.st_mode & kModeBits) != (st.st_mode & kModeBits)) ++counts->lost_modes;
  if (!IsNear(now.st_mtim, st.st_mtim)) ++counts->lost_times;
}

void KeepLinkMetadata(const Entry& to, const struct stat& st, MoveCounts* counts) {
  if (fchownat(to.folder, to.name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0 &&
      geteuid() == 0) {
    ++counts->lost_owners;
  }
  const timespec times[2] = {st.st_atim, st.st_mtim};
  if (utimensat(to.folder, to.name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    ++counts->lost_times;
  }
}

}  // namespace cbzfs
