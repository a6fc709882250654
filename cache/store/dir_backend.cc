#include "cache/store/dir_backend.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <queue>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cache/private_folder.h"

namespace cbzfs {
namespace {

constexpr absl::Duration kUsedAgain = absl::Minutes(10);
constexpr absl::Duration kCountAgain = absl::Minutes(10);
// New files of processes that are gone.
constexpr absl::Duration kLeftOver = absl::Hours(1);
constexpr char kNew[] = ".new-";
// Files that one round can delete, 48 bytes of memory each. A folder of tiny files takes several.
constexpr size_t kMostDeleted = 65536;
constexpr uint64_t kBlock = 4096;

uint64_t Charge(uint64_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

std::string NameOf(const StoreKey& key) {
  std::string hex = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  hex.insert(2, "/");
  return hex;
}

bool IsHex(std::string_view name, size_t digits) {
  return name.size() == digits && name.find_first_not_of("0123456789abcdef") == name.npos;
}

// A file that may be deleted for the sake of others.
struct Old {
  int64_t used_ns;
  uint64_t bytes;
  std::string name;
  bool operator<(const Old& other) const { return used_ns < other.used_ns; }
};

int64_t UsedNs(const struct stat& st) {
  return st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
}

// Calls `see(name)` for what is in a folder; false: there is no such folder.
template <typename See>
bool ForEachIn(int parent, const char* folder, See see) {
  const int fd = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  DIR* const listing = fdopendir(fd);
  if (listing == nullptr) {
    close(fd);
    return false;
  }
  while (const dirent* entry = readdir(listing)) see(dirfd(listing), std::string(entry->d_name));
  closedir(listing);
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirBackend>> DirBackend::Open(const std::string& folder,
                                                             uint64_t max_bytes) {
  absl::Status prepared = PreparePrivateFolder(folder, "the page store's folder");
  if (!prepared.ok()) return prepared;
  const int fd = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, ": ", std::generic_category().message(errno)));
  }
  return std::unique_ptr<DirBackend>(new DirBackend(folder, fd, max_bytes));
}

DirBackend::~DirBackend() { close(fd_); }

absl::Status DirBackend::Failed(absl::string_view what, int error) const {
  const std::string message =
      absl::StrCat("cannot ", what, " pages in ", folder_, ": ",
                   std::generic_category().message(error));
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return full ? absl::ResourceExhaustedError(message) : absl::UnavailableError(message);
}

absl::StatusOr<std::optional<std::string>> DirBackend::Get(const StoreKey& key) {
  // Not a FIFO that waits for somebody to write, nor a link that leads elsewhere.
  const int fd = openat(fd_, NameOf(key).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == ELOOP) return std::nullopt;
    return Failed("read", errno);
  }
  const absl::Cleanup closing = [fd] { close(fd); };
  struct stat st;
  if (fstat(fd, &st) != 0) return Failed("read", errno);
  if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
      static_cast<uint64_t>(st.st_size) > kMaxStoredValue) {
    return std::nullopt;
  }
  std::string value(static_cast<size_t>(st.st_size), '\0');
  size_t done = 0;
  while (done < value.size()) {
    const ssize_t got = pread(fd, value.data() + done, value.size() - done,
                              static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read", errno);
    if (got == 0) return std::nullopt;  // cut off meanwhile
    done += static_cast<size_t>(got);
  }
  if (absl::ToUnixNanos(absl::Now() - kUsedAgain) > UsedNs(st)) futimens(fd, nullptr);
  return value;
}

absl::Status DirBackend::Put(const StoreKey& key, std::string_view value) {
  const uint64_t charge = Charge(value.size());
  if (charge > max_bytes_ / 4 || !MakeRoom(charge)) return absl::OkStatus();
  const std::string name = NameOf(key);
  const std::string folder = name.substr(0, 2);
  struct stat before;
  const bool replaces = fstatat(fd_, name.c_str(), &before, AT_SYMLINK_NOFOLLOW) == 0;
  if (mkdirat(fd_, folder.c_str(), 0700) != 0 && errno != EEXIST) return Failed("keep", errno);
  const std::string fresh = absl::StrCat(folder, "/", kNew, getpid(), "-", serial_++);
  const int fd =
      openat(fd_, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("keep", errno);
  int error = 0;
  for (size_t done = 0; done < value.size() && error == 0;) {
    const ssize_t put = write(fd, value.data() + done, value.size() - done);
    if (put >= 0) {
      done += static_cast<size_t>(put);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  // Where writing is put off (NFS), this is when a full disk is told.
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && renameat(fd_, fresh.c_str(), fd_, name.c_str()) != 0) error = errno;
  if (error != 0) {
    unlinkat(fd_, fresh.c_str(), 0);
    return Failed("keep", error);
  }
  written_ += charge;
  bytes_ += charge;
  if (replaces) bytes_ -= std::min<uint64_t>(bytes_, Charge(static_cast<uint64_t>(before.st_size)));
  return absl::OkStatus();
}

absl::Status DirBackend::Remove(const StoreKey& key) {
  const std::string name = NameOf(key);
  struct stat st;
  if (fstatat(fd_, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return absl::OkStatus();
  if (unlinkat(fd_, name.c_str(), 0) == 0) {
    bytes_ -= std::min<uint64_t>(bytes_, Charge(static_cast<uint64_t>(st.st_size)));
    return absl::OkStatus();
  }
  return errno == ENOENT ? absl::OkStatus() : Failed("delete", errno);
}

bool DirBackend::MakeRoom(uint64_t coming) {
  const int64_t now = absl::GetCurrentTimeNanos();
  const auto due = [&] {
    return counted_ns_ == 0 || bytes_ + coming > max_bytes_ || written_ > max_bytes_ / 20 ||
           now - counted_ns_ > absl::ToInt64Nanoseconds(kCountAgain);
  };
  if (!due()) return true;
  if (!counting_.TryLock()) return counted_ns_ != 0 && bytes_ + coming <= max_bytes_;
  if (due()) CountAndDelete(coming);
  counting_.Unlock();
  return bytes_ + coming <= max_bytes_;
}

void DirBackend::CountAndDelete(uint64_t coming) {
  const uint64_t before = bytes_;
  uint64_t total = 0;
  std::priority_queue<Old> oldest;  // the one used latest on top
  const int64_t left_over = absl::ToUnixNanos(absl::Now() - kLeftOver);
  for (int i = 0; i < 256; ++i) {
    const std::string folder = absl::StrCat(absl::Hex(i, absl::kZeroPad2));
    ForEachIn(fd_, folder.c_str(), [&](int at, const std::string& name) {
      const bool fresh = absl::StartsWith(name, kNew);
      struct stat st;
      if ((!fresh && !IsHex(name, 30)) ||
          fstatat(at, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
          st.st_uid != geteuid()) {
        return;
      }
      const uint64_t bytes = Charge(static_cast<uint64_t>(st.st_size));
      if (fresh && UsedNs(st) < left_over && unlinkat(at, name.c_str(), 0) == 0) return;
      total += bytes;
      if (fresh) return;
      Old old{UsedNs(st), bytes, absl::StrCat(folder, "/", name)};
      if (oldest.size() == kMostDeleted) {
        if (!(old < oldest.top())) return;
        oldest.pop();
      }
      oldest.push(std::move(old));
    });
  }
  if (total + coming > max_bytes_) {
    std::vector<Old> old;
    old.reserve(oldest.size());
    for (; !oldest.empty(); oldest.pop()) old.push_back(oldest.top());
    for (auto it = old.rbegin(); it != old.rend() && total + coming > max_bytes_ / 10 * 9; ++it) {
      if (unlinkat(fd_, it->name.c_str(), 0) == 0 || errno == ENOENT) total -= it->bytes;
    }
  }
  written_ = 0;
  // What others have put meanwhile was counted or was not; it is counted the next time.
  bytes_ += total - before;
  counted_ns_ = absl::GetCurrentTimeNanos();
}

}  // namespace cbzfs
