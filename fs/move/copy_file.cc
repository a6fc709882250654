#include "fs/move/copy_file.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "fs/move/compare.h"
#include "fs/move/copy_data.h"
#include "fs/move/failure.h"
#include "fs/move/hidden.h"
#include "fs/move/metadata.h"

namespace cbzfs {
namespace {

absl::StatusOr<std::string> TargetOf(const Entry& link) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = readlinkat(link.folder, link.name.c_str(), target.data(), target.size());
  if (size < 0) return CannotRead(link.path, errno);
  target.resize(static_cast<size_t>(size));
  return target;
}

// From the disk, as far as the kernel lets go of what it has in memory.
absl::Status Verify(const OpenedFile& from, const OpenedFile& to, uint64_t size, MoveWork* work) {
  if (fdatasync(to.fd) != 0) return CannotWrite(to.path, errno);
  posix_fadvise(to.fd, 0, 0, POSIX_FADV_DONTNEED);
  struct stat st;
  if (fstat(to.fd, &st) != 0) return CannotRead(to.path, errno);
  if (static_cast<uint64_t>(st.st_size) == size) {
    const auto same = HaveSameBytes(from, to, size, work);
    if (!same.ok()) return same.status();
    if (*same) return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(
      "the copy ", to.path, " reads back different from ", from.path,
      ", so it was removed again; a disk or the memory of this machine may be failing"));
}

}  // namespace

absl::StatusOr<struct stat> CopyFile(const Entry& from, const Entry& to, bool replace,
                                     MoveWork* work) {
  work->on_current(from.path);
  const UniqueFd source = OpenFile(from);
  struct stat st;
  if (!source.valid() || fstat(source.get(), &st) != 0) return CannotRead(from.path, errno);
  if (!S_ISREG(st.st_mode)) return HasChanged(from.path);
  const auto size = static_cast<uint64_t>(st.st_size);
  HiddenFile copy;
  if (absl::Status status = copy.Create(to); !status.ok()) return status;
  const OpenedFile reading = {.fd = source.get(), .path = from.path};
  const OpenedFile writing = {.fd = copy.fd(), .path = to.path};
  const auto method = CopyData(reading, writing, size, work);
  if (!method.ok()) return method.status();
  if (work->settings.verify && *method == CopyMethod::kShared) {
    work->counts.read += size;  // the same blocks of the same disk
  } else if (work->settings.verify) {
    if (absl::Status status = Verify(reading, writing, size, work); !status.ok()) {
      struct stat now;
      const bool is_changed = fstat(source.get(), &now) == 0 && !IsUnchanged(st, now);
      return absl::IsDataLoss(status) && is_changed ? HasChanged(from.path) : status;
    }
  }
  // Behind all reading of it, which would change its times.
  if (absl::Status status = KeepMetadata(source.get(), copy.fd(), to.path, st, &work->counts);
      !status.ok()) {
    return status;
  }
  if (fsync(copy.fd()) != 0) return CannotWrite(to.path, errno);
  struct stat now;
  if (fstat(source.get(), &now) != 0) return CannotRead(from.path, errno);
  if (!IsUnchanged(st, now)) return HasChanged(from.path);
  if (absl::Status status = copy.Place(replace); !status.ok()) return status;
  ++work->counts.copied;
  return st;
}

absl::StatusOr<struct stat> CopyLink(const Entry& from, const Entry& to, bool replace,
                                     MoveWork* work) {
  struct stat st;
  if (const int error = StatEntry(from, &st); error != 0) return CannotRead(from.path, error);
  const auto target = TargetOf(from);
  if (!target.ok()) return target.status();
  Entry made = to;
  if (replace) made.name = MakeHiddenName();
  if (symlinkat(target->c_str(), made.folder, made.name.c_str()) != 0) {
    return CannotWrite(to.path, errno);
  }
  absl::Status status = KeepLinkMetadata(made, st, &work->counts);
  if (status.ok() && replace) {
    if (const int error = Rename(made, to, replace); error != 0) {
      status = CannotWrite(to.path, error);
    }
  }
  if (!status.ok()) {
    unlinkat(made.folder, made.name.c_str(), 0);
    return status;
  }
  ++work->counts.copied;
  return st;
}

absl::StatusOr<bool> IsEqual(const Entry& from, const struct stat& from_st, const Entry& to,
                             const struct stat& to_st, MoveWork* work) {
  if (S_ISLNK(from_st.st_mode) && S_ISLNK(to_st.st_mode)) {
    const auto from_target = TargetOf(from);
    if (!from_target.ok()) return from_target.status();
    const auto to_target = TargetOf(to);
    if (!to_target.ok()) return to_target.status();
    if (*from_target != *to_target) return false;
    // A run may have been killed between making the link and this.
    const absl::Status status = KeepLinkMetadata(to, from_st, &work->counts);
    if (!status.ok()) return status;
    return true;
  }
  if (!S_ISREG(from_st.st_mode) || !S_ISREG(to_st.st_mode) || from_st.st_size != to_st.st_size) {
    return false;
  }
  work->on_current(from.path);
  const UniqueFd from_fd = OpenFile(from);
  if (!from_fd.valid()) return CannotRead(from.path, errno);
  const UniqueFd to_fd = OpenFile(to);
  if (!to_fd.valid()) return CannotRead(to.path, errno);
  // A run may have been killed before this; and what is read is to come from the disk.
  if (fsync(to_fd.get()) != 0) return CannotWrite(to.path, errno);
  posix_fadvise(to_fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  return HaveSameBytes({.fd = from_fd.get(), .path = from.path},
                       {.fd = to_fd.get(), .path = to.path}, static_cast<uint64_t>(from_st.st_size),
                       work);
}

absl::Status RemoveSource(const Entry& from, const struct stat& copied) {
  struct stat now;
  const int error = StatEntry(from, &now);
  if (error == ENOENT) return absl::OkStatus();
  if (error != 0) return CannotRemove(from.path, error);
  if (!IsUnchanged(copied, now)) return HasChanged(from.path);
  if (unlinkat(from.folder, from.name.c_str(), 0) != 0 && errno != ENOENT) {
    return CannotRemove(from.path, errno);
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
