#include "fs/command/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace cbzfs {
namespace {

constexpr char kPrefix[] = ".cbzfs-";
constexpr char kSuffix[] = ".part";
constexpr mode_t kMode = 0666;  // less the umask

std::string MakeHiddenName() {
  static std::atomic<uint64_t> count = 0;
  return absl::StrFormat("%s%d-%x-%d%s", kPrefix, getpid(), absl::GetCurrentTimeNanos(), count++,
                         kSuffix);
}

absl::Status StatusOf(const std::string& path, const char* what, int error) {
  const std::string message =
      absl::StrCat(what, " ", path, ": ", std::generic_category().message(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  return absl::UnknownError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<AtomicFile>> AtomicFile::Create(const std::string& folder,
                                                               const std::string& name,
                                                               bool may_be_nameless) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return StatusOf(folder, "cannot write to", errno);
  std::unique_ptr<AtomicFile> file(
      new AtomicFile(std::move(fd), name, absl::StrCat(folder, "/", name)));
  if (absl::Status status = file->Open(may_be_nameless); !status.ok()) return status;
  return file;
}

absl::Status AtomicFile::Open(bool may_be_nameless) {
  if (may_be_nameless) {
    fd_ = UniqueFd(openat(folder_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, kMode));
    // A kernel or file system without such files takes it for a folder opened for writing.
    if (!fd_.valid() && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT &&
        errno != EINVAL) {
      return Failed("cannot write", errno);
    }
  }
  if (!fd_.valid()) {
    std::string name = MakeHiddenName();
    fd_ =
        UniqueFd(openat(folder_.get(), name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, kMode));
    if (!fd_.valid()) return Failed("cannot write", errno);
    hidden_name_ = std::move(name);
  }
  flock(fd_.get(), LOCK_EX | LOCK_NB);  // nobody else knows the file
  return absl::OkStatus();
}

AtomicFile::~AtomicFile() {
  if (!hidden_name_.empty()) unlinkat(folder_.get(), hidden_name_.c_str(), 0);
}

absl::Status AtomicFile::Failed(const char* what, int error) const {
  return StatusOf(path_, what, error);
}

absl::Status AtomicFile::Write(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Failed("cannot write", errno);
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::Finish(const timespec& mtime) {
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW}, mtime};
  if (futimens(fd_.get(), times) != 0) return Failed("cannot set the time of", errno);
  if (fsync(fd_.get()) != 0) return Failed("cannot write", errno);
  if (hidden_name_.empty()) {
    const std::string self = absl::StrCat("/proc/self/fd/", fd_.get());
    if (linkat(AT_FDCWD, self.c_str(), folder_.get(), name_.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      return absl::OkStatus();
    }
    if (errno != EEXIST) return Failed("cannot write", errno);
    // A link takes no other file's place, a renamed file does.
    std::string name = MakeHiddenName();
    if (linkat(AT_FDCWD, self.c_str(), folder_.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return Failed("cannot write", errno);
    }
    hidden_name_ = std::move(name);
  }
  if (renameat(folder_.get(), hidden_name_.c_str(), folder_.get(), name_.c_str()) != 0) {
    return Failed("cannot write", errno);
  }
  hidden_name_.clear();
  return absl::OkStatus();
}

int RemoveLeftovers(const std::string& folder) {
  int removed = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!absl::StartsWith(name, kPrefix) || !absl::EndsWith(name, kSuffix)) continue;
    const UniqueFd fd(open(at->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd.valid() || flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    if (unlink(at->path().c_str()) == 0) ++removed;
  }
  return removed;
}

absl::Status ReplaceLink(const std::string& folder, const std::string& name,
                         const std::string& target) {
  const std::string path = absl::StrCat(folder, "/", name);
  const std::string hidden = absl::StrCat(folder, "/", MakeHiddenName());
  if (symlink(target.c_str(), hidden.c_str()) != 0) return StatusOf(path, "cannot write", errno);
  if (rename(hidden.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const int failure = errno;
  unlink(hidden.c_str());
  return StatusOf(path, "cannot write", failure);
}

}  // namespace cbzfs
