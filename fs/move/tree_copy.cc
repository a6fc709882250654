#include "fs/move/tree_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "fs/move/copy_file.h"
#include "fs/move/failure.h"
#include "fs/move/hidden.h"
#include "fs/move/metadata.h"
#include "fs/move/survey.h"

namespace cbzfs {
namespace {

// Of a file that an earlier run copied: mode and the like may have been changed since.
absl::Status RenewMetadata(const Entry& from, const struct stat& st, const Entry& to,
                           MoveWork* work) {
  if (!S_ISREG(st.st_mode)) return absl::OkStatus();
  const UniqueFd from_fd = OpenFile(from);
  if (!from_fd.valid()) return CannotRead(from.path, errno);
  const UniqueFd to_fd = OpenFile(to);
  if (!to_fd.valid()) return CannotRead(to.path, errno);
  if (absl::Status status = KeepMetadata(from_fd.get(), to_fd.get(), to.path, st, &work->counts);
      !status.ok()) {
    return status;
  }
  return fsync(to_fd.get()) == 0 ? absl::OkStatus() : CannotWrite(to.path, errno);
}

}  // namespace

absl::StatusOr<CopiedEntry> TreeCopier::Copy(const Entry& from) {
  struct stat st;
  if (const int error = StatEntry(from, &st); error != 0) return CannotRead(from.path, error);
  device_ = st.st_dev;
  return CopyFolder(from, root_, root_.name);
}

absl::StatusOr<CopiedEntry> TreeCopier::CopyFolder(const Entry& from, const Entry& to,
                                                   const std::string& where) {
  CopiedEntry folder = {.name = from.name};
  const UniqueFd from_fd = OpenFolder(from);
  if (!from_fd.valid() || fstat(from_fd.get(), &folder.st) != 0) {
    return CannotRead(from.path, errno);
  }
  if (IsSameFile(folder.st, into_) || folder.st.st_dev != device_) {
    return absl::FailedPreconditionError(
        absl::StrCat(from.path, " is the destination or another file system"));  // see survey.cc
  }
  if (mkdirat(to.folder, to.name.c_str(), 0700) != 0 && errno != EEXIST) {
    return CannotWrite(to.path, errno);
  }
  const UniqueFd to_fd = OpenFolder(to);
  if (!to_fd.valid()) return CannotWrite(to.path, errno);
  fchmod(to_fd.get(), 0700);  // where it has the source's already
  RemoveLeftovers(to_fd.get());
  if (absl::Status status = CopyInside(from_fd.get(), from, to_fd.get(), to, where, &folder);
      !status.ok()) {
    return status;
  }
  if (absl::Status status =
          KeepMetadata(from_fd.get(), to_fd.get(), to.path, folder.st, &work_->counts);
      !status.ok()) {
    return status;
  }
  if (fsync(to_fd.get()) != 0) return CannotWrite(to.path, errno);
  return folder;
}

absl::Status TreeCopier::CopyInside(int from_fd, const Entry& from, int to_fd, const Entry& to,
                                    const std::string& where, CopiedEntry* folder) {
  const auto names = NamesOf(from_fd, from.path);
  if (!names.ok()) return names.status();
  const auto there = NamesOf(to_fd, to.path);
  if (!there.ok()) return there.status();
  for (const std::string& name : *there) {
    if (std::binary_search(names->begin(), names->end(), name)) continue;
    if (absl::Status status = RemoveAll(to.Child(to_fd, name)); !status.ok()) return status;
  }
  for (const std::string& name : *names) {
    auto copied =
        CopyAny(from.Child(from_fd, name), to.Child(to_fd, name), absl::StrCat(where, "/", name));
    if (!copied.ok()) return copied.status();
    folder->inside.push_back(*std::move(copied));
  }
  return absl::OkStatus();
}

absl::StatusOr<CopiedEntry> TreeCopier::CopyAny(const Entry& from, const Entry& to,
                                                const std::string& where) {
  if (work_->stop) return Stopped();
  CopiedEntry entry = {.name = from.name};
  if (const int error = StatEntry(from, &entry.st); error != 0) return CannotRead(from.path, error);
  if (absl::Status status = CheckKind(from, entry.st); !status.ok()) return status;
  struct stat there;
  bool exists = StatEntry(to, &there) == 0;
  if (exists && (there.st_mode & S_IFMT) != (entry.st.st_mode & S_IFMT)) {
    if (absl::Status status = RemoveAll(to); !status.ok()) return status;
    exists = false;
  }
  if (S_ISDIR(entry.st.st_mode)) return CopyFolder(from, to, where);
  const auto linked = LinkToCopied(entry.st, to, where);
  if (!linked.ok()) return linked.status();
  if (*linked) return entry;
  if (exists) {
    const auto equal = IsEqual(from, entry.st, to, there, work_);
    if (!equal.ok()) return equal.status();
    if (*equal) {
      ++work_->counts.there;
      if (work_->settings.verify) work_->counts.read += static_cast<uint64_t>(entry.st.st_size);
      if (absl::Status status = RenewMetadata(from, entry.st, to, work_); !status.ok()) {
        return status;
      }
      return entry;
    }
  }
  const auto copied = S_ISLNK(entry.st.st_mode) ? CopyLink(from, to, exists, work_)
                                                : CopyFile(from, to, exists, work_);
  if (!copied.ok()) return copied.status();
  entry.st = *copied;
  return entry;
}

absl::StatusOr<bool> TreeCopier::LinkToCopied(const struct stat& st, const Entry& to,
                                              const std::string& where) {
  if (st.st_nlink < 2 || !S_ISREG(st.st_mode)) return false;
  const auto [found, is_first] = linked_.emplace(std::make_pair(st.st_dev, st.st_ino), where);
  if (is_first) return false;
  const std::string& first = found->second;
  struct stat first_st;
  struct stat there;
  if (fstatat(root_.folder, first.c_str(), &first_st, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const bool exists = StatEntry(to, &there) == 0;
  if (!exists || !IsSameFile(first_st, there)) {
    if (exists) unlinkat(to.folder, to.name.c_str(), 0);
    if (linkat(root_.folder, first.c_str(), to.folder, to.name.c_str(), 0) != 0) {
      // Where a file system knows no hard links, it is copied once more.
      if (errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP || errno == ENOSYS) return false;
      return CannotWrite(to.path, errno);
    }
  }
  ++work_->counts.copied;
  work_->counts.read += static_cast<uint64_t>(st.st_size) * (work_->settings.verify ? 2 : 1);
  return true;
}

absl::Status RemoveCopied(const Entry& from, const CopiedEntry& copied, const MoveWork& work) {
  if (work.stop) return Stopped();
  if (!S_ISDIR(copied.st.st_mode)) return RemoveSource(from, copied.st);
  absl::Status status;
  {
    const UniqueFd fd = OpenFolder(from);
    if (!fd.valid() && errno == ENOENT) return absl::OkStatus();
    if (!fd.valid()) return CannotRemove(from.path, errno);
    for (const CopiedEntry& inside : copied.inside) {
      status.Update(RemoveCopied(from.Child(fd.get(), inside.name), inside, work));
    }
  }
  if (!status.ok()) return status;
  if (unlinkat(from.folder, from.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return CannotRemove(from.path, errno);
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
