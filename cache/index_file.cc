#include "cache/index_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdio>

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cache/private_folder.h"

namespace cbzfs::index_file {
namespace {

// A look-up is somebody's stat: rather a miss than a long wait. In WAL mode a reader waits only
// while another program recovers or closes the file.
constexpr absl::Duration kReaderWait = absl::Milliseconds(250);
constexpr absl::Duration kWriterWait = absl::Seconds(2);
// Opening takes milliseconds; whoever holds the lock for longer hangs, and is not waited for.
constexpr absl::Duration kOpenWait = absl::Seconds(2);

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
  absl::Status status = MakePrivateFolder(folder.string(), "the index's folder");
  if (!status.ok()) return status;
  struct stat st;
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
