#include "cache/store/dir_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "cache/private_folder.h"
#include "cache/store/dir_files.h"

namespace cbzfs {
namespace {

using dir_files::Charge;
using dir_files::Fd;
using dir_files::IsNothing;
using dir_files::IsOurs;
using dir_files::OpenFolder;
using dir_files::Place;
using dir_files::PlaceOf;

constexpr int64_t kRefreshAfter = 600;  // seconds; a read page is written to that seldom
constexpr int64_t kLookAfter = 600;
// Each removes up to 65 536 files. Past that, others write faster than we remove.
constexpr int kMaxLooks = 32;

std::string Message(int error) { return std::generic_category().message(error); }

int64_t Monotonic() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

int WriteAll(int fd, std::string_view value) {
  while (!value.empty()) {
    const ssize_t written = write(fd, value.data(), value.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    value.remove_prefix(written);
  }
  return 0;
}

bool IsFull(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

}  // namespace

absl::StatusOr<std::unique_ptr<DirBackend>> DirBackend::Open(const std::string& folder,
                                                             uint64_t max_bytes) {
  absl::Status status = MakePrivateFolder(folder, "the folder for finished pages");
  if (!status.ok()) return status;
  const int root = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open the folder for finished pages ", folder, ": ", Message(errno)));
  }
  dir_files::RemoveLeftovers(root);
  return std::unique_ptr<DirBackend>(new DirBackend(folder, root, max_bytes));
}

DirBackend::~DirBackend() { close(root_); }

absl::Status DirBackend::Failed(int error) const {
  const std::string message = absl::StrCat("cannot keep pages in ", folder_, ": ", Message(error));
  return IsFull(error) ? absl::ResourceExhaustedError(message) : absl::UnavailableError(message);
}

absl::StatusOr<std::optional<std::string>> DirBackend::Get(const StoreKey& key) {
  const Place place = PlaceOf(key);
  const auto failed = [&]() -> absl::StatusOr<std::optional<std::string>> {
    if (IsNothing(errno)) return std::nullopt;
    return absl::UnavailableError(absl::StrCat("cannot read ", folder_, "/", place.shelf, "/",
                                               place.name, ": ", Message(errno)));
  };
  const Fd shelf(OpenFolder(root_, place.shelf));
  if (!shelf.ok()) return failed();
  // Without O_NONBLOCK a named pipe of that name would hold us.
  const Fd file(openat(shelf.get(), place.name.c_str(),
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.ok()) return failed();
  struct stat st;
  if (fstat(file.get(), &st) != 0) return failed();
  if (!IsOurs(st)) return std::nullopt;

  std::string value(st.st_size, '\0');
  for (size_t have = 0; have < value.size();) {
    const ssize_t got = read(file.get(), value.data() + have, value.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed();
    if (got == 0) return std::nullopt;  // cut short while we read
    have += got;
  }
  if (time(nullptr) - st.st_mtim.tv_sec > kRefreshAfter) {
    futimens(file.get(), nullptr);  // on a read-only disk nothing is evicted either
  }
  return value;
}

absl::Status DirBackend::Put(const StoreKey& key, std::string_view value) {
  const uint64_t charge = Charge(value.size());
  if (value.size() > kMaxStoredValue || charge > max_bytes_ / 4) return absl::OkStatus();
  const Place place = PlaceOf(key);
  if (mkdirat(root_, place.shelf.c_str(), 0700) != 0 && errno != EEXIST) {
    if (errno != ENOENT) return Failed(errno);
    return absl::UnavailableError(
        absl::StrCat("cannot keep pages in ", folder_, ": it was removed; mount again"));
  }
  const Fd shelf(OpenFolder(root_, place.shelf));
  if (!shelf.ok()) return Failed(errno);

  struct stat st;
  const bool exists = fstatat(shelf.get(), place.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0;
  const bool ours = exists && IsOurs(st);
  if (ours && static_cast<uint64_t>(st.st_size) == value.size()) return absl::OkStatus();
  if (!Reserve(charge)) return absl::OkStatus();
  absl::Status room = MakeRoom();
  if (!room.ok()) {
    Release(charge);
    return room;
  }
  absl::StatusOr<bool> kept = Write(shelf.get(), place.name, value, exists);
  if (kept.ok() && *kept) {
    Keep(charge, ours ? Charge(st.st_size) : 0);
  } else {
    Release(charge);
  }
  return kept.status();
}

absl::StatusOr<bool> DirBackend::Write(int shelf, const std::string& name, std::string_view value,
                                       bool replace) {
  if (!replace && unnamed_) {
    const int error = WriteUnnamed(shelf, name, value);
    if (error == 0) return true;
    if (error == EEXIST) return false;
    if (IsFull(error) || error == EROFS || error == EIO) return Failed(error);
    // Not on this disk (EOPNOTSUPP, EISDIR, EINVAL), or without /proc (ENOENT, as when somebody
    // removed the shelf).
    unnamed_ = error == ENOENT && access("/proc/self/fd", F_OK) == 0;
  }
  const int error = WriteNamed(shelf, name, value);
  // Somebody removed it, or the shelf: the user emptied the folder.
  if (error == ENOENT) return false;
  if (error != 0) return Failed(error);
  return true;
}

int DirBackend::WriteUnnamed(int shelf, const std::string& name, std::string_view value) {
  const Fd file(openat(shelf, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!file.ok()) return errno;
  if (const int error = WriteAll(file.get(), value); error != 0) return error;
  const std::string unnamed = absl::StrCat("/proc/self/fd/", file.get());
  if (linkat(AT_FDCWD, unnamed.c_str(), shelf, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return 0;
  return errno;
}

int DirBackend::WriteNamed(int shelf, const std::string& name, std::string_view value) {
  static std::atomic<uint64_t> number{0};  // several backends may share the folder
  const uint64_t pid = getpid();           // not that of Open: we may have forked since
  const std::string temporary = absl::StrCat(dir_files::kTemporary, pid, "-",
                                             dir_files::StartOf(pid), "-", number.fetch_add(1));
  Fd file(openat(root_, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.ok()) return errno;
  int error = WriteAll(file.get(), value);
  // Where files are on a server, only closing says that its disk is full.
  if (close(file.Release()) != 0 && error == 0) error = errno;
  if (error == 0 && renameat(root_, temporary.c_str(), shelf, name.c_str()) != 0) error = errno;
  if (error != 0) unlinkat(root_, temporary.c_str(), 0);
  return error;
}

absl::Status DirBackend::Remove(const StoreKey& key) {
  const Place place = PlaceOf(key);
  const Fd shelf(OpenFolder(root_, place.shelf));
  struct stat st;
  if (shelf.ok() && fstatat(shelf.get(), place.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
      unlinkat(shelf.get(), place.name.c_str(), 0) == 0) {
    if (IsOurs(st)) Forget(Charge(st.st_size));
    return absl::OkStatus();
  }
  if (IsNothing(errno)) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot remove ", folder_, "/", place.shelf, "/",
                                             place.name, ": ", Message(errno)));
}

uint64_t DirBackend::bytes() const {
  absl::MutexLock lock(&mutex_);
  return total_;
}

bool DirBackend::Reserve(uint64_t charge) {
  absl::MutexLock lock(&mutex_);
  // Room for more could be made only by removing nearly all that is there.
  if (pending_ + charge > max_bytes_ / 2) return false;
  total_ += charge;
  pending_ += charge;
  unseen_ += charge;
  return true;
}

void DirBackend::Keep(uint64_t charge, uint64_t replaced) {
  absl::MutexLock lock(&mutex_);
  pending_ -= charge;
  total_ = std::max(pending_, total_ - std::min(total_, replaced));
  written_since_look_ += charge;
}

void DirBackend::Release(uint64_t charge) {
  absl::MutexLock lock(&mutex_);
  pending_ -= charge;
  total_ -= std::min(total_, charge);
  unseen_ -= std::min(unseen_, charge);
}

void DirBackend::Forget(uint64_t charge) {
  absl::MutexLock lock(&mutex_);
  // What is under way is counted whatever else is wrong.
  total_ = std::max(pending_, total_ - std::min(total_, charge));
}

absl::Status DirBackend::MakeRoom() {
  {
    absl::MutexLock lock(&mutex_);
    for (;;) {
      const bool must = !looked_ || total_ > max_bytes_;
      const bool should =
          written_since_look_ >= max_bytes_ / 20 || Monotonic() - last_look_ >= kLookAfter;
      if (!must && (!should || looking_)) return absl::OkStatus();
      if (!looking_) break;
      mutex_.Await(absl::Condition(
          +[](bool* looking) { return !*looking; }, &looking_));
    }
    looking_ = true;
  }
  absl::Status status = LookAndEvict();
  absl::MutexLock lock(&mutex_);
  looking_ = false;
  return status;
}

absl::Status DirBackend::LookAndEvict() {
  for (int look = 0; look < kMaxLooks; ++look) {
    {
      absl::MutexLock lock(&mutex_);
      unseen_ = pending_;
    }
    dir_files::Census census;
    int error = dir_files::Count(root_, &census);
    if (error != 0) return Failed(error);
    uint64_t total;
    {
      absl::MutexLock lock(&mutex_);
      total = census.bytes + unseen_;
    }
    uint64_t freed = 0;
    if (total > max_bytes_) {
      const uint64_t goal = max_bytes_ - max_bytes_ / 10;
      freed = dir_files::Evict(root_, std::move(census.oldest), total - goal, &error);
    }
    absl::MutexLock lock(&mutex_);
    total_ = census.bytes - std::min(census.bytes, freed) + unseen_;
    looked_ = true;
    written_since_look_ = 0;
    last_look_ = Monotonic();
    if (total_ <= max_bytes_) return absl::OkStatus();
    if (total > max_bytes_ && freed == 0 && error != 0) return Failed(error);
  }
  return absl::UnavailableError(absl::StrCat("cannot keep pages in ", folder_,
                                             ": it fills faster than old ones can be removed"));
}

}  // namespace cbzfs
