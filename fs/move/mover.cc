#include "fs/move/mover.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "fs/move/copy_file.h"
#include "fs/move/failure.h"
#include "fs/move/hidden.h"
#include "fs/move/survey.h"
#include "fs/move/tree_copy.h"

namespace cbzfs {
namespace {

absl::Status With(const absl::Status& status, const std::string& text) {
  if (absl::IsCancelled(status)) return status;
  return absl::Status(status.code(), absl::StrCat(std::string(status.message()), ". ", text));
}

absl::Status Untouched(const absl::Status& status, const Entry& from) {
  return With(status, absl::StrCat(from.path, " is untouched"));
}

absl::Status Whole(const absl::Status& status, const Entry& to) {
  return With(status, absl::StrCat(to.path, " is whole"));
}

// The kernel does not say which of the two it is about.
absl::Status RenameFailure(const Entry& from, const Entry& to, int error) {
  if (error == EINVAL) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot move ", from.path, " to ", to.path,
                     ": either that lies in it, or the file system does not take the name"));
  }
  const bool removable = faccessat(from.folder, ".", W_OK | X_OK, AT_EACCESS) == 0;
  if (error == EBUSY || !removable) return CannotRemove(from.path, error);
  return Untouched(CannotWrite(to.path, error), from);
}

const char* KindOf(const struct stat& st) { return S_ISDIR(st.st_mode) ? "a folder" : "no folder"; }

}  // namespace

bool Mover::Move(const Entry& from, const Entry& to) {
  const bool moved = MoveAny(from, to);
  // What was renamed. Of what was copied it has been seen to, or nothing would have been removed.
  fsync(to.folder);
  fsync(from.folder);
  return moved;
}

bool Mover::MoveAny(const Entry& from, const Entry& to) {
  if (work_->stop) return false;
  const absl::StatusOr<How> how = Try(from, to);
  if (!how.ok()) {
    if (absl::IsCancelled(how.status())) return false;
    ++work_->counts.failed;
    work_->on_failure(std::string(how.status().message()));
    return false;
  }
  const std::string line = absl::StrCat(from.path, " -> ", to.path, ": ");
  switch (*how) {
    case How::kRenamed:
      ++work_->counts.renamed;
      work_->on_done(line + "renamed");
      return true;
    case How::kCopied:
      work_->on_done(line + "copied");
      return true;
    case How::kThere:
      ++work_->counts.there;
      work_->on_done(line + "was there already");
      return true;
    case How::kMerged:
      return true;  // what is in it has been told
    case How::kPartly:
      return false;
  }
  return false;
}

absl::StatusOr<Mover::How> Mover::Try(const Entry& from, const Entry& to) {
  struct stat st;
  struct stat there;
  if (const int error = StatEntry(from, &st); error != 0) return CannotRead(from.path, error);
  int error = StatEntry(to, &there);
  if (error == ENOENT) {
    error = Rename(from, to, /*replace=*/false);
    if (error == 0) return How::kRenamed;
    if (error == EXDEV) return Copy(from, st, to, /*replace=*/false);
    if (error != EEXIST) return RenameFailure(from, to, error);
    error = StatEntry(to, &there);
  }
  if (error != 0) return Untouched(CannotWrite(to.path, error), from);
  return TryAgainst(from, st, to, there);
}

absl::StatusOr<Mover::How> Mover::TryAgainst(const Entry& from, const struct stat& st,
                                             const Entry& to, const struct stat& there) {
  if (IsSameFile(st, there)) {
    return absl::InvalidArgumentError(
        absl::StrCat(from.path, " and ", to.path, " are the same file: nothing is moved"));
  }
  if (S_ISDIR(st.st_mode) && S_ISDIR(there.st_mode)) return Merge(from, to);
  if (S_ISDIR(st.st_mode) || S_ISDIR(there.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(from.path, " is ", KindOf(st), ", and ",
                                                      to.path, " is ", KindOf(there),
                                                      ": remove or rename one of them"));
  }
  const auto equal = IsEqual(from, st, to, there, work_);
  if (!equal.ok()) return Untouched(equal.status(), from);
  if (*equal) {
    // It may be a copy of a run that was killed before this.
    if (fsync(to.folder) != 0) return Untouched(CannotWrite(to.path, errno), from);
    if (absl::Status status = RemoveSource(from, st); !status.ok()) return Whole(status, to);
    return How::kThere;
  }
  if (!work_->settings.force) {
    return absl::AlreadyExistsError(absl::StrCat(to.path, " is there and is another file than ",
                                                 from.path, "; --force replaces it"));
  }
  const int error = Rename(from, to, /*replace=*/true);
  if (error == EXDEV) return Copy(from, st, to, /*replace=*/true);
  if (error != 0) return RenameFailure(from, to, error);
  return How::kRenamed;
}

absl::StatusOr<Mover::How> Mover::Merge(const Entry& from, const Entry& to) {
  bool all = true;
  {
    const UniqueFd from_fd = OpenFolder(from);
    if (!from_fd.valid()) return CannotRead(from.path, errno);
    const UniqueFd to_fd = OpenFolder(to);
    if (!to_fd.valid()) return CannotRead(to.path, errno);
    const auto names = NamesOf(from_fd.get(), from.path);
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      all = MoveAny(from.Child(from_fd.get(), name), to.Child(to_fd.get(), name)) && all;
      if (work_->stop) return Stopped();
    }
    fsync(to_fd.get());
  }
  if (!all) return How::kPartly;
  if (unlinkat(from.folder, from.name.c_str(), AT_REMOVEDIR) != 0) {
    return Whole(CannotRemove(from.path, errno), to);
  }
  Journal::RemoveFor(from, to);  // of a run that ended when the tree was in place
  return How::kMerged;
}

absl::StatusOr<Mover::How> Mover::Copy(const Entry& from, const struct stat& st, const Entry& to,
                                       bool replace) {
  struct stat into;
  if (fstat(to.folder, &into) != 0) return Untouched(CannotWrite(to.path, errno), from);
  SurveyTotals totals;
  if (absl::Status status = Survey(from, into, &totals); !status.ok()) {
    return Untouched(status, from);
  }
  CleanOnce(to, into);
  return S_ISDIR(st.st_mode) ? CopyTree(from, to, into) : CopyOne(from, st, to, replace);
}

absl::StatusOr<Mover::How> Mover::CopyOne(const Entry& from, const struct stat& st, const Entry& to,
                                          bool replace) {
  const auto copied =
      S_ISLNK(st.st_mode) ? CopyLink(from, to, replace, work_) : CopyFile(from, to, replace, work_);
  if (!copied.ok()) return Untouched(copied.status(), from);
  if (fsync(to.folder) != 0) return Untouched(CannotWrite(to.path, errno), from);
  if (absl::Status status = RemoveSource(from, *copied); !status.ok()) return Whole(status, to);
  return How::kCopied;
}

absl::StatusOr<Mover::How> Mover::CopyTree(const Entry& from, const Entry& to,
                                           const struct stat& into) {
  Journal journal;
  if (absl::Status status = journal.Open(from, to); !status.ok()) return Untouched(status, from);
  const Entry tree = journal.tree();
  const auto copied = TreeCopier(tree, into, work_).Copy(from);
  if (!copied.ok()) {
    if (journal.RemoveUnused()) return Untouched(copied.status(), from);
    return With(copied.status(),
                absl::StrCat(from.path, " is untouched; what is copied already waits in ",
                             journal.path(), " for the next run"));
  }
  if (const int error = Rename(tree, to, /*replace=*/false); error != 0) {
    return Untouched(CannotWrite(to.path, error), from);
  }
  if (fsync(to.folder) != 0) return Untouched(CannotWrite(to.path, errno), from);
  if (absl::Status status = RemoveCopied(from, *copied, *work_); !status.ok()) {
    return Whole(status, to);
  }
  journal.Remove();
  return How::kCopied;
}

void Mover::CleanOnce(const Entry& to, const struct stat& folder) {
  if (cleaned_.emplace(folder.st_dev, folder.st_ino).second) RemoveLeftovers(to.folder);
}

}  // namespace cbzfs
