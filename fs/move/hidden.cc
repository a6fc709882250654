#include "fs/move/hidden.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "fs/move/failure.h"

namespace cbzfs {
namespace {

// As fs/command/atomic_file.cc has them.
constexpr char kPrefix[] = ".cbzfs-";
constexpr char kSuffix[] = ".part";
constexpr char kJournalPrefix[] = ".cbzfs-move-";

// A link cannot be locked; it is there for as long as two system calls take.
bool IsOfDeadProcess(absl::string_view name) {
  name.remove_prefix(sizeof kPrefix - 1);
  int pid = 0;
  return absl::SimpleAtoi(name.substr(0, name.find('-')), &pid) && pid > 0 && kill(pid, 0) != 0 &&
         errno == ESRCH;
}

bool IsLeftover(const Entry& entry, const struct stat& st) {
  if (st.st_uid != geteuid()) return false;
  if (S_ISLNK(st.st_mode)) return IsOfDeadProcess(entry.name);
  return S_ISREG(st.st_mode);
}

// The folder, by its path from the root.
std::string PathOf(const Entry& entry) {
  std::string path(PATH_MAX, '\0');
  const std::string self = absl::StrCat("/proc/self/fd/", entry.folder);
  const ssize_t size = readlink(self.c_str(), path.data(), path.size());
  if (size <= 0) return entry.path;
  path.resize(static_cast<size_t>(size));
  return absl::StrCat(path, "/", entry.name);
}

Entry Beside(const Entry& entry, std::string name) {
  const size_t slash = entry.path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : entry.path.substr(0, slash + 1);
  return {.folder = entry.folder, .name = name, .path = folder + name};
}

// Of a journal that is ours and nobody's now; invalid: there is none.
UniqueFd OpenIdle(const Entry& journal) {
  UniqueFd fd = OpenFolder(journal);
  struct stat st;
  if (!fd.valid() || fstat(fd.get(), &st) != 0 || st.st_uid != geteuid()) return UniqueFd();
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return UniqueFd();
  return fd;
}

}  // namespace

std::string MakeHiddenName() {
  static std::atomic<uint64_t> count = 0;
  return absl::StrFormat("%s%d-%x-m%d%s", kPrefix, getpid(), absl::GetCurrentTimeNanos(), count++,
                         kSuffix);
}

int RemoveLeftovers(int folder) {
  const auto names = NamesOf(folder, "");
  if (!names.ok()) return 0;
  int removed = 0;
  for (const std::string& name : *names) {
    const Entry entry = {.folder = folder, .name = name, .path = name};
    if (absl::StartsWith(name, kJournalPrefix) && absl::EndsWith(name, kSuffix)) {
      // An empty journal tells nothing: its run was killed when all but this was done.
      const UniqueFd idle = OpenIdle(entry);
      if (idle.valid() && unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0) ++removed;
      continue;
    }
    if (!absl::StartsWith(name, kPrefix) || !absl::EndsWith(name, kSuffix)) continue;
    struct stat st;
    if (StatEntry(entry, &st) != 0 || !IsLeftover(entry, st)) continue;
    UniqueFd fd;
    if (S_ISREG(st.st_mode)) {
      fd = OpenFile(entry);
      if (!fd.valid() || flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    }
    if (unlinkat(folder, name.c_str(), 0) == 0) ++removed;
  }
  return removed;
}

HiddenFile::~HiddenFile() {
  if (!hidden_.name.empty()) unlinkat(hidden_.folder, hidden_.name.c_str(), 0);
}

absl::Status HiddenFile::Create(const Entry& to) {
  to_ = to;
  for (;;) {
    Entry hidden = Beside(to, MakeHiddenName());
    fd_ = UniqueFd(openat(hidden.folder, hidden.name.c_str(),
                          O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd_.valid()) return CannotWrite(to.path, errno);
    hidden_ = std::move(hidden);
    const int locked = flock(fd_.get(), LOCK_EX | LOCK_NB);
    if (locked != 0 && errno != EWOULDBLOCK) return absl::OkStatus();  // no locks there at all
    struct stat st;
    if (locked == 0 && fstat(fd_.get(), &st) == 0 && st.st_nlink > 0) return absl::OkStatus();
    // Another run took it for a leftover before it was locked.
    unlinkat(hidden_.folder, hidden_.name.c_str(), 0);
  }
}

absl::Status HiddenFile::Place(bool replace) {
  const int error = Rename(hidden_, to_, replace);
  if (error != 0) return CannotWrite(to_.path, error);
  hidden_.name.clear();
  return absl::OkStatus();
}

std::string Journal::NameFor(const Entry& from, const Entry& to) {
  const std::string key = absl::StrCat(PathOf(from), absl::string_view("\0", 1), to.name);
  return absl::StrFormat("%s%016x%s", kJournalPrefix, XXH3_64bits(key.data(), key.size()), kSuffix);
}

bool Journal::IsPlaced(const Entry& from, const Entry& to) {
  const Entry journal = Beside(to, NameFor(from, to));
  const UniqueFd fd = OpenIdle(journal);
  struct stat st;
  return fd.valid() && StatEntry(journal.Child(fd.get(), kTree), &st) == ENOENT;
}

void Journal::RemoveFor(const Entry& from, const Entry& to) {
  const Entry journal = Beside(to, NameFor(from, to));
  if (OpenIdle(journal).valid()) RemoveAll(journal).IgnoreError();
}

absl::Status Journal::Open(const Entry& from, const Entry& to) {
  self_ = Beside(to, NameFor(from, to));
  if (mkdirat(self_.folder, self_.name.c_str(), 0700) != 0 && errno != EEXIST) {
    return CannotWrite(to.path, errno);
  }
  fd_ = OpenFolder(self_);
  struct stat st;
  if (!fd_.valid() || fstat(fd_.get(), &st) != 0) return CannotWrite(self_.path, errno);
  if (st.st_uid != geteuid()) {
    return absl::UnavailableError(
        absl::StrCat(self_.path, " belongs to another user, who was moving the same: remove it"));
  }
  if (flock(fd_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return absl::UnavailableError(
        absl::StrCat("another cbzfs move is at it already, in ", self_.path));
  }
  return absl::OkStatus();
}

void Journal::Remove() {
  if (!RemoveUnused()) RemoveAll(self_).IgnoreError();
}

bool Journal::RemoveUnused() {
  return unlinkat(self_.folder, self_.name.c_str(), AT_REMOVEDIR) == 0;
}

absl::Status RemoveAll(const Entry& entry) {
  if (unlinkat(entry.folder, entry.name.c_str(), 0) == 0 || errno == ENOENT) {
    return absl::OkStatus();
  }
  if (errno != EISDIR && errno != EPERM) return CannotRemove(entry.path, errno);
  const UniqueFd fd = OpenFolder(entry);
  if (!fd.valid()) return CannotRemove(entry.path, errno);
  fchmod(fd.get(), 0700);  // it may have a mode already under which nothing can be removed
  const auto names = NamesOf(fd.get(), entry.path);
  if (!names.ok()) return names.status();
  absl::Status status;
  for (const std::string& name : *names) status.Update(RemoveAll(entry.Child(fd.get(), name)));
  if (status.ok() && unlinkat(entry.folder, entry.name.c_str(), AT_REMOVEDIR) != 0) {
    return CannotRemove(entry.path, errno);
  }
  return status;
}

}  // namespace cbzfs
