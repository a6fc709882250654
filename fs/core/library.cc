#include "fs/core/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/document/archive_kind.h"
#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

constexpr size_t kFingerprintEdge = 64 << 10;

struct DirCloser {
  void operator()(DIR* dir) const { closedir(dir); }
};

int64_t Nanoseconds(const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

// Of a file with what it may be opened with. Without passwords that of the file alone.
uint64_t HashOf(const SourceKey& key, const PasswordList& passwords) {
  uint64_t hash = cbzfs::HashOf(key);
  if (passwords == nullptr) return hash;
  for (const std::string& password : *passwords) {
    hash = XXH3_64bits_withSeed(password.data(), password.size(), hash);
  }
  return hash;
}

absl::StatusOr<struct stat> StatFd(int fd, const std::string& what) {
  struct stat st;
  if (fstat(fd, &st) != 0) return ErrnoStatus(errno, what);
  return st;
}

// The type of a directory entry; asks the file system where readdir does not know it.
mode_t TypeOf(int dir, const dirent& entry) {
  switch (entry.d_type) {
    case DT_DIR:
      return S_IFDIR;
    case DT_REG:
      return S_IFREG;
    case DT_LNK:
      return S_IFLNK;
    case DT_UNKNOWN: {
      struct stat st;
      if (fstatat(dir, entry.d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) return 0;
      return st.st_mode & S_IFMT;
    }
    default:
      return 0;
  }
}

bool IsPresentable(mode_t type) { return type == S_IFDIR || type == S_IFREG || type == S_IFLNK; }

// What an archive is by its content. Whatever is none is for those who look closer to say.
SourceFormat ArchiveFormatOf(int fd, uint64_t bytes) {
  uint8_t head[kArchiveHeadBytes];
  size_t got = 0;
  const size_t wanted = std::min<uint64_t>(sizeof(head), bytes);
  while (got < wanted) {
    const ssize_t n = pread(fd, head + got, wanted - got, static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    got += static_cast<size_t>(n);
  }
  return IsPacked(SniffArchive({head, got})) ? SourceFormat::kPacked : SourceFormat::kArchive;
}

}  // namespace

SourceKey KeyOf(const struct stat& st) {
  SourceKey key;
  key.dev = st.st_dev;
  key.ino = st.st_ino;
  key.size = st.st_size;
  key.mtime_ns = Nanoseconds(st.st_mtim);
  key.ctime_ns = Nanoseconds(st.st_ctim);
  return key;
}

uint64_t HashOf(const SourceKey& key) {
  const std::array<uint64_t, 5> words = {key.dev, key.ino, static_cast<uint64_t>(key.size),
                                         static_cast<uint64_t>(key.mtime_ns),
                                         static_cast<uint64_t>(key.ctime_ns)};
  return XXH3_64bits(words.data(), sizeof(words));
}

absl::StatusOr<struct stat> HeldFolder::Stat() const { return StatFd(fd_.get(), path_); }

absl::StatusOr<struct stat> HeldFolder::StatEntry(const std::string& name) const {
  struct stat st;
  if (fstatat(fd_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return ErrnoStatus(errno, path_.empty() ? name : absl::StrCat(path_, "/", name));
  }
  return st;
}

absl::StatusOr<std::unique_ptr<Library>> Library::Open(const std::string& path) {
  UniqueFd root(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return ErrnoStatus(errno, path);
  std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), &free);
  if (real == nullptr) return ErrnoStatus(errno, path);
  std::unique_ptr<Library> library(new Library(root.release(), real.get()));
  // An unreadable library is better said now than at each listing.
  if (auto folder = library->List(""); !folder.ok()) return folder.status();
  return library;
}

Library::~Library() { close(root_); }

absl::StatusOr<int> Library::OpenAt(const std::string& relative, int flags, Links links) const {
  const int fd = OpenBeneath(root_, relative, flags, links);
  if (fd < 0) return ErrnoStatus(errno, relative.empty() ? path_ : relative);
  return fd;
}

absl::StatusOr<struct stat> Library::Stat(const std::string& relative) const {
  auto fd = OpenAt(relative, O_PATH | O_NOFOLLOW, Links::kRefuse);
  if (!fd.ok()) return fd.status();
  UniqueFd held(*fd);
  return StatFd(held.get(), relative);
}

absl::StatusOr<struct stat> Library::StatFile(const std::string& relative) const {
  auto fd = OpenAt(relative, O_PATH, Links::kFollow);
  if (!fd.ok()) return fd.status();
  UniqueFd held(*fd);
  auto st = StatFd(held.get(), relative);
  if (st.ok() && !S_ISREG(st->st_mode)) return ErrnoStatus(EINVAL, relative);
  return st;
}

absl::StatusOr<Library::Folder> Library::List(const std::string& relative) const {
  auto fd = OpenAt(relative, O_RDONLY | O_DIRECTORY, Links::kRefuse);
  if (!fd.ok()) return fd.status();
  UniqueFd held(*fd);
  Folder folder;
  auto st = StatFd(held.get(), relative);
  if (!st.ok()) return st.status();
  folder.st = *st;
  std::unique_ptr<DIR, DirCloser> dir(fdopendir(held.get()));
  if (dir == nullptr) return ErrnoStatus(errno, relative);
  held.release();
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(dir.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const mode_t type = TypeOf(dirfd(dir.get()), *entry);
    if (IsPresentable(type)) folder.names.push_back({std::string(name), type});
  }
  if (errno != 0) return ErrnoStatus(errno, relative);
  return folder;
}

absl::StatusOr<std::shared_ptr<const SourceFile>> Library::OpenFile(const std::string& relative,
                                                                    SourceKey* key,
                                                                    SourceFormat format) const {
  // O_NONBLOCK: opening a FIFO must not wait for its other end.
  auto fd = OpenAt(relative, O_RDONLY | O_NONBLOCK | O_NOCTTY, Links::kFollow);
  if (!fd.ok()) return fd.status();
  UniqueFd held(*fd);
  auto st = StatFd(held.get(), relative);
  if (!st.ok()) return st.status();
  if (!S_ISREG(st->st_mode)) return ErrnoStatus(EINVAL, relative);
  *key = KeyOf(*st);
  if (IsArchive(format)) {
    format = ArchiveFormatOf(held.get(), static_cast<uint64_t>(st->st_size));
  }
  PasswordList passwords = format == SourceFormat::kPdf ? passwords_.For(relative) : nullptr;
  const uint64_t hash = HashOf(*key, passwords);
  return sources_->Share(held.release(), *key, hash, format, std::move(passwords));
}

absl::StatusOr<HeldFolder> Library::Hold(const std::string& folder) const {
  auto fd = OpenAt(folder, O_PATH | O_DIRECTORY, Links::kRefuse);
  if (!fd.ok()) return fd.status();
  return HeldFolder(UniqueFd(*fd), folder);
}

absl::StatusOr<std::string> Library::ReadLink(const std::string& relative) const {
  auto fd = OpenAt(relative, O_PATH | O_NOFOLLOW, Links::kRefuse);
  if (!fd.ok()) return fd.status();
  UniqueFd held(*fd);
  char target[PATH_MAX];
  const ssize_t n = readlinkat(held.get(), "", target, sizeof(target));
  if (n < 0) return ErrnoStatus(errno == ENOENT ? EINVAL : errno, relative);
  return std::string(target, static_cast<size_t>(n));
}

absl::StatusOr<struct statvfs> Library::StatFs() const {
  struct statvfs st;
  if (fstatvfs(root_, &st) != 0) return ErrnoStatus(errno, path_);
  return st;
}

bool SameBytes(const SourceKey& a, const SourceKey& b) {
  return a.dev == b.dev && a.ino == b.ino && a.size == b.size && a.mtime_ns == b.mtime_ns;
}

bool Unchanged(const SourceFile& file, const SourceKey& key) {
  struct stat st;
  return fstat(file.fd(), &st) == 0 && st.st_size == key.size &&
         Nanoseconds(st.st_mtim) == key.mtime_ns;
}

absl::Status ReadExactly(const SourceFile& file, uint64_t offset, size_t size, char* out) {
  while (size > 0) {
    const ssize_t n = pread(file.fd(), out, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "reading the source");
    if (n == 0) return ErrnoStatus(EIO, "the source ends early: it was truncated");
    out += n;
    offset += static_cast<uint64_t>(n);
    size -= static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Fingerprint(const SourceFile& file) {
  const size_t edge = std::min<uint64_t>(file.bytes(), kFingerprintEdge);
  std::string bytes(sizeof(uint64_t) + 2 * edge, '\0');
  // Little-endian on every host.
  for (size_t i = 0; i < sizeof(uint64_t); ++i) {
    bytes[i] = static_cast<char>(file.bytes() >> (8 * i));
  }
  char* out = bytes.data() + sizeof(uint64_t);
  if (auto s = ReadExactly(file, 0, edge, out); !s.ok()) return s;
  if (auto s = ReadExactly(file, file.bytes() - edge, edge, out + edge); !s.ok()) return s;
  return XXH3_64bits(bytes.data(), bytes.size());
}

absl::StatusOr<bool> LooksLikePdf(const SourceFile& file) {
  std::string head(std::min<uint64_t>(file.bytes(), 1024), '\0');
  if (auto s = ReadExactly(file, 0, head.size(), head.data()); !s.ok()) return s;
  return head.find("%PDF") != std::string::npos;
}

}  // namespace cbzfs
