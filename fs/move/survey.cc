#include "fs/move/survey.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "fs/move/failure.h"

namespace cbzfs {
namespace {

const char* KindOf(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISBLK(mode) || S_ISCHR(mode)) return "a device";
  return "no file, link or folder";
}

class Surveyor {
 public:
  Surveyor(const struct stat& into, dev_t device, SurveyTotals* totals)
      : into_(into), device_(device), totals_(totals) {}

  absl::Status Look(const Entry& entry, const struct stat& st) {
    if (absl::Status status = CheckKind(entry, st); !status.ok()) return status;
    if (st.st_dev != device_) {
      return absl::FailedPreconditionError(
          absl::StrCat(entry.path,
                       " is another file system than the folder that it is in: move or unmount it"
                       " by itself first"));
    }
    if (S_ISDIR(st.st_mode)) return LookInto(entry, st);
    ++totals_->files;
    if (!S_ISREG(st.st_mode)) return absl::OkStatus();
    if (faccessat(entry.folder, entry.name.c_str(), R_OK, AT_EACCESS) != 0) {
      return CannotRead(entry.path, errno);
    }
    totals_->bytes += static_cast<uint64_t>(st.st_size);
    return absl::OkStatus();
  }

 private:
  absl::Status LookInto(const Entry& entry, const struct stat& st) {
    if (IsSameFile(st, into_)) {
      return absl::FailedPreconditionError(
          absl::StrCat(entry.path, " cannot be moved into a folder that is in it"));
    }
    const UniqueFd fd = OpenFolder(entry);
    if (!fd.valid()) return CannotRead(entry.path, errno);
    const auto names = NamesOf(fd.get(), entry.path);
    if (!names.ok()) return names.status();
    if (!names->empty() && faccessat(fd.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
      return CannotRemove(absl::StrCat("what is in ", entry.path), errno);
    }
    for (const std::string& name : *names) {
      const Entry child = entry.Child(fd.get(), name);
      struct stat child_st;
      if (const int error = StatEntry(child, &child_st); error != 0) {
        return CannotRead(child.path, error);
      }
      if (absl::Status status = Look(child, child_st); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const struct stat& into_;
  const dev_t device_;
  SurveyTotals* const totals_;
};

}  // namespace

absl::Status CheckKind(const Entry& entry, const struct stat& st) {
  if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(entry.path, " is ", KindOf(st.st_mode),
                   ", which cannot be copied to another file system: remove it, or make it anew"
                   " there with mknod or mkfifo"));
}

absl::Status Survey(const Entry& from, const struct stat& into, SurveyTotals* totals) {
  struct stat st;
  if (const int error = StatEntry(from, &st); error != 0) return CannotRead(from.path, error);
  if (faccessat(from.folder, ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return CannotRemove(from.path, errno);
  }
  struct stat around;
  if (fstat(from.folder, &around) != 0) return CannotRead(from.path, errno);
  return Surveyor(into, around.st_dev, totals).Look(from, st);
}

}  // namespace cbzfs
