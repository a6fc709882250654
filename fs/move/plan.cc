#include "fs/move/plan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fs/move/failure.h"
#include "fs/move/hidden.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

struct Named {
  std::string folder;  // as a path that can be opened
  std::string name;
  bool slash = false;  // it ended with one
};

Named Split(std::string path) {
  Named named;
  while (path.size() > 1 && path.back() == '/') {
    path.pop_back();
    named.slash = true;
  }
  const size_t slash = path.rfind('/');
  named.name = slash == std::string::npos ? path : path.substr(slash + 1);
  named.folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  return named;
}

std::string Join(const Named& named) {
  if (named.folder == ".") return named.name;
  return absl::StrCat(named.folder == "/" ? "" : named.folder, "/", named.name);
}

bool IsFolder(const std::string& path) {
  struct stat st;
  return stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

// One mount of one file system: what a rename needs.
bool CanRename(int a, int b) {
  struct statx of_a;
  struct statx of_b;
  const unsigned mask = STATX_BASIC_STATS | STATX_MNT_ID;
  if (statx(a, "", AT_EMPTY_PATH, mask, &of_a) != 0) return false;
  if (statx(b, "", AT_EMPTY_PATH, mask, &of_b) != 0) return false;
  const bool know_mounts = (of_a.stx_mask & of_b.stx_mask & STATX_MNT_ID) != 0;
  return of_a.stx_dev_major == of_b.stx_dev_major && of_a.stx_dev_minor == of_b.stx_dev_minor &&
         (!know_mounts || of_a.stx_mnt_id == of_b.stx_mnt_id);
}

class Planner {
 public:
  explicit Planner(const std::vector<std::string>& paths)
      : dest_(paths.back()), sources_(paths.begin(), paths.end() - 1) {}

  absl::StatusOr<MovePlan> Plan() {
    if (absl::Status status = OpenDest(); !status.ok()) return status;
    for (const std::string& source : sources_) {
      if (absl::Status status = Add(source); !status.ok()) return status;
    }
    return std::move(plan_);
  }

 private:
  // The folder that DEST is, or the one that it will be in.
  absl::Status OpenDest() {
    into_ = IsFolder(dest_);
    if (!into_ && sources_.size() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(dest_, " is no folder, so only one SRC can be moved there"));
    }
    const Named named = Split(dest_);
    dest_folder_ = into_ ? dest_ : named.folder;
    new_name_ = named.name;
    if (!into_ && (new_name_.empty() || new_name_ == "." || new_name_ == "..")) {
      return absl::NotFoundError(absl::StrCat("there is no folder ", dest_));
    }
    const int fd = open(dest_folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
      return absl::NotFoundError(
          absl::StrCat("there is no folder ", dest_folder_, ": make it with mkdir -p"));
    }
    if (fd < 0) return CannotRead(dest_folder_, errno);
    dest_fd_ = fd;
    plan_.folders.emplace_back(fd);
    return absl::OkStatus();
  }

  absl::Status Add(const std::string& path) {
    const Named named = Split(path);
    if (named.name.empty() || named.name == "." || named.name == ".." || named.name == "/") {
      return absl::InvalidArgumentError(
          absl::StrCat(path.empty() ? "\"\"" : path, " cannot be moved: give it by its name"));
    }
    const int fd = OpenOnce(named.folder);
    if (fd < 0 && errno != ENOENT) return CannotRead(named.folder, errno);
    if (fd < 0) return absl::NotFoundError(absl::StrCat("there is no ", path));
    PlannedMove move;
    move.from = {.folder = fd, .name = named.name, .path = Join(named)};
    if (absl::Status status = Aim(named, &move); !status.ok()) return status;
    if (absl::Status status = Check(named, &move); !status.ok()) return status;
    plan_.moves.push_back(std::move(move));
    return absl::OkStatus();
  }

  // One descriptor a folder, however many SRC are in it. Negative: see errno.
  int OpenOnce(const std::string& folder) {
    const auto found = opened_.find(folder);
    if (found != opened_.end()) return found->second;
    int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // Enough to move something out of a folder that may not be listed.
    if (fd < 0 && errno == EACCES) fd = open(folder.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) return fd;
    plan_.folders.emplace_back(fd);
    opened_.emplace(folder, fd);
    return fd;
  }

  // Sets move->to.
  absl::Status Aim(const Named& named, PlannedMove* move) {
    if (!into_) {
      const Named dest = Split(dest_);
      move->to = {.folder = dest_fd_, .name = new_name_, .path = Join(dest)};
      return absl::OkStatus();
    }
    const std::string folder = dest_ == "/" ? "" : Join(Split(dest_));
    move->to = {
        .folder = dest_fd_, .name = named.name, .path = absl::StrCat(folder, "/", named.name)};
    if (!taken_.insert(named.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two SRC would become ", move->to.path, ": move one of them by itself"));
    }
    if (sources_.size() == 1) AimAtNewName(move);
    return absl::OkStatus();
  }

  // A run that was to give a folder this new name has come as far as that, and no further.
  void AimAtNewName(PlannedMove* move) {
    const Named dest = Split(dest_);
    UniqueFd above(open(dest.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!above.valid()) return;
    const Entry renamed = {.folder = above.get(), .name = dest.name, .path = Join(dest)};
    if (!Journal::IsPlaced(move->from, renamed)) return;
    move->to = renamed;
    plan_.folders.push_back(std::move(above));
  }

  absl::Status Check(const Named& named, PlannedMove* move) {
    struct stat st;
    struct stat there;
    const int error = StatEntry(move->from, &st);
    move->exists = StatEntry(move->to, &there) == 0;
    if (error == ENOENT && move->exists) {
      move->done = true;
      return absl::OkStatus();
    }
    if (error == ENOENT) return absl::NotFoundError(absl::StrCat("there is no ", move->from.path));
    if (error != 0) return CannotRead(move->from.path, error);
    if (named.slash && S_ISLNK(st.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat(move->from.path,
                       " is a link: without a slash at its end it is moved, not where it leads"));
    }
    if (!into_ && absl::EndsWith(dest_, "/") && !S_ISDIR(st.st_mode)) {
      return absl::NotFoundError(absl::StrCat("there is no folder ", dest_));
    }
    if (move->exists && IsSameFile(st, there)) {
      return absl::InvalidArgumentError(absl::StrCat(move->from.path, " and ", move->to.path,
                                                     " are the same file: nothing to move"));
    }
    if (S_ISDIR(st.st_mode) && IsIn(move->from.path)) {
      return absl::InvalidArgumentError(absl::StrCat(
          move->from.path, " cannot be moved into itself: ", move->to.path, " lies in it"));
    }
    if (CanRename(move->from.folder, move->to.folder)) return absl::OkStatus();
    move->copies = true;
    if (fstat(move->to.folder, &there) != 0) return CannotRead(dest_folder_, errno);
    return Survey(move->from, there, &move->totals);
  }

  // Whether the destination's folder lies in this one.
  bool IsIn(const std::string& folder) const {
    std::error_code error;
    const std::string outer = stdfs::canonical(folder, error).string();
    if (error) return false;
    const std::string inner = stdfs::canonical(dest_folder_, error).string();
    return !error && (inner == outer || absl::StartsWith(inner, outer + "/"));
  }

  const std::string dest_;
  const std::vector<std::string> sources_;
  bool into_ = false;  // DEST is a folder
  std::string dest_folder_;
  std::string new_name_;
  int dest_fd_ = -1;  // of plan_.folders
  std::set<std::string> taken_;
  std::map<std::string, int> opened_;  // of plan_.folders
  MovePlan plan_;
};

}  // namespace

absl::StatusOr<MovePlan> PlanMove(const std::vector<std::string>& paths) {
  return Planner(paths).Plan();
}

}  // namespace cbzfs
