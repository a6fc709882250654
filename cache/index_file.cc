#include "cache/index_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdio>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace cbzfs::index_file {
namespace {

// A look-up is somebody's stat: rather a miss than a long wait. In WAL mode a reader waits only
// while another program recovers or closes the file.
constexpr absl::Duration kReaderWait = absl::Milliseconds(250);
constexpr absl::Duration kWriterWait = absl::Seconds(2);
// Opening takes milliseconds; whoever holds the lock for longer hangs, and is not waited for.
constexpr absl::Duration kOpenWait = absl::Seconds(2);

absl::Status Failed(const std::string& what, int error) {
  return absl::FailedPreconditionError(
      absl::StrCat(what, ": ", std::generic_category().message(error)));
}

absl::Status MakeFolders(const std::filesystem::path& folder) {
  std::filesystem::path made;
  for (const auto& part : folder) {
    made /= part;
    // 0700 for the parents, too: so the XDG base directory specification has it.
    if (mkdir(made.c_str(), 0700) == 0 || errno == EEXIST) continue;
    const int error = errno;
    // Above our own home we may not be allowed to make what is there already.
    struct stat st;
    if (stat(made.c_str(), &st) != 0)
      return Failed(absl::StrCat("cannot make ", made.string()), error);
  }
  return absl::OkStatus();
}

std::optional<Identity> IdentityOf(const std::string& path) {
  struct stat st;
  if (stat(path.c_str(), &st) != 0) return std::nullopt;
  return Identity{st.st_dev, st.st_ino};
}

// Held while the file is opened or replaced, so that two programs do not both replace it.
class OpenLock {
 public:
  explicit OpenLock(const std::string& path)
      : fd_(open(absl::StrCat(path, ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    const absl::Time deadline = absl::Now() + kOpenWait;
    while (fd_ >= 0 && flock(fd_, LOCK_EX | LOCK_NB) != 0 && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(5));
    }
  }
  ~OpenLock() {
    if (fd_ >= 0) close(fd_);
  }
  OpenLock(const OpenLock&) = delete;
  OpenLock& operator=(const OpenLock&) = delete;

 private:
  const int fd_;
};

void Rename(const std::string& path) {
  rename(path.c_str(), absl::StrCat(path, ".corrupt").c_str());
  // They belong to the file that is gone; with the next one they would damage it.
  unlink(absl::StrCat(path, "-wal").c_str());
  unlink(absl::StrCat(path, "-shm").c_str());
}

absl::StatusOr<Connections> OpenOnce(const std::string& path) {
  Connections opened;
  absl::StatusOr<std::unique_ptr<IndexStore>> writer = IndexStore::Open(path, kWriterWait);
  if (!writer.ok()) return writer.status();
  opened.writer = *std::move(writer);
  absl::StatusOr<std::unique_ptr<IndexStore>> reader = IndexStore::Open(path, kReaderWait);
  if (!reader.ok()) return reader.status();
  opened.reader = *std::move(reader);
  opened.file = IdentityOf(path).value_or(Identity());
  return opened;
}

}  // namespace

absl::Status PrepareFolder(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  if (absl::Status status = MakeFolders(folder); !status.ok()) return status;
  struct stat st;
  if (stat(folder.c_str(), &st) != 0) return Failed(folder.string(), errno);
  if (!S_ISDIR(st.st_mode)) return Failed(folder.string(), ENOTDIR);
  if (st.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat("the index's folder ", folder.string(), " belongs to user ", st.st_uid,
                     ", not to user ", geteuid(), ", who runs this"));
  }
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::PermissionDeniedError(absl::StrCat("others may write to the index's folder ",
                                                    folder.string(), "; chmod go-w it"));
  }
  if (lstat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat("the index ", path, " is no regular file"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Connections> Open(const std::string& path) {
  OpenLock lock(path);
  // Private even where the folder is not. If the file exists nothing is opened here.
  if (const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); fd >= 0) {
    close(fd);
  }
  absl::StatusOr<Connections> opened = OpenOnce(path);
  if (opened.ok() || !absl::IsDataLoss(opened.status())) return opened;
  const std::string reason(opened.status().message());
  Rename(path);
  opened = OpenOnce(path);
  if (opened.ok()) {
    opened->warning =
        absl::StrCat("index ", path, ": ", reason, "; moved to ", path, ".corrupt and begun anew");
  }
  return opened;
}

void MoveAside(const std::string& path, const Identity& file) {
  OpenLock lock(path);
  if (IdentityOf(path) == file) Rename(path);
}

}  // namespace cbzfs::index_file
