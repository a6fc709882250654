#include "cache/store/dir_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace cbzfs::dir_files {
namespace {

constexpr int64_t kStaleTemporary = 3600;
// 2 MiB of memory. Where more files must go, the folder is looked through again.
constexpr size_t kMaxOldest = 65536;

bool IsValueName(absl::string_view name) {
  return name.size() == 2 * sizeof(StoreKey) - 2 &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// A temporary file of a writer that will not finish it. Also one of a process in another container
// or on another host, which cannot be seen from here: that value is then not kept.
bool IsLeftover(absl::string_view name, const struct stat& st) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '-');
  int32_t pid = 0;
  uint64_t start = 0;
  uint64_t number = 0;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[1], &pid) ||
      !absl::SimpleAtoi(parts[2], &start) || !absl::SimpleAtoi(parts[3], &number) || pid <= 0) {
    return false;
  }
  if (!IsOurs(st)) return false;
  if (time(nullptr) - st.st_mtim.tv_sec > kStaleTemporary) return true;
  if (kill(pid, 0) != 0 && errno == ESRCH) return true;
  const uint64_t runs = StartOf(pid);
  return start != 0 && runs != 0 && start != runs;  // the number was given to another process
}

// Calls `each` with the name of each entry. 0, or an errno.
template <typename Each>
int ForEachEntry(int folder, Each each) {
  DIR* const dir = fdopendir(folder);  // takes the descriptor
  if (dir == nullptr) {
    const int error = errno;
    close(folder);
    return error;
  }
  const absl::Cleanup closer = [dir] { closedir(dir); };
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(dir);
    if (entry == nullptr) return errno;
    each(absl::string_view(entry->d_name));
  }
}

bool Older(const Used& a, const Used& b) { return a.at < b.at; }

int64_t UsedAt(const struct stat& st) {
  return int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
}

int CountShelf(int root, const std::string& shelf, Census* census) {
  Fd folder(OpenFolder(root, shelf));
  if (!folder.ok()) return IsNothing(errno) ? 0 : errno;
  const int at = folder.get();
  return ForEachEntry(folder.Release(), [&](absl::string_view name) {
    struct stat st;
    if (!IsValueName(name)) return;
    if (fstatat(at, std::string(name).c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (!IsOurs(st)) return;
    const uint64_t charge = Charge(st.st_size);
    census->bytes += charge;
    Used used{UsedAt(st), static_cast<uint32_t>(charge), {}};
    const std::string bytes = absl::HexStringToBytes(absl::StrCat(shelf, name));
    std::copy(bytes.begin(), bytes.end(), used.key.begin());
    census->oldest.push_back(used);
    std::push_heap(census->oldest.begin(), census->oldest.end(), Older);
    if (census->oldest.size() > kMaxOldest) {
      std::pop_heap(census->oldest.begin(), census->oldest.end(), Older);
      census->oldest.pop_back();
    }
  });
}

}  // namespace

uint64_t Charge(uint64_t size) { return std::max<uint64_t>(size + 4095, 4096) / 4096 * 4096; }

Place PlaceOf(const StoreKey& key) {
  const std::string hex = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  return {hex.substr(0, 2), hex.substr(2)};
}

int OpenFolder(int root, const std::string& name) {
  return openat(root, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool IsNothing(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENXIO;
}

bool IsOurs(const struct stat& st) {
  return S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
         static_cast<uint64_t>(st.st_size) <= kMaxStoredValue;
}

uint64_t StartOf(uint64_t pid) {
  const Fd fd(open(absl::StrCat("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t size = fd.ok() ? read(fd.get(), text, sizeof(text)) : 0;
  if (size <= 0) return 0;
  // The second field, the program's name in parentheses, may hold anything; ours is the 22nd.
  absl::string_view rest(text, size);
  const size_t name_end = rest.rfind(')');
  if (name_end == absl::string_view::npos) return 0;
  const std::vector<absl::string_view> fields = absl::StrSplit(rest.substr(name_end + 1), ' ');
  uint64_t start = 0;
  return fields.size() > 20 && absl::SimpleAtoi(fields[20], &start) ? start : 0;
}

void RemoveLeftovers(int root) {
  // Whatever fails here fails again where it matters, and is said there.
  Fd folder(OpenFolder(root, "."));
  if (!folder.ok()) return;
  ForEachEntry(folder.Release(), [root](absl::string_view entry) {
    if (!absl::StartsWith(entry, kTemporary)) return;
    const std::string name(entry);
    struct stat st;
    if (fstatat(root, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && IsLeftover(name, st)) {
      unlinkat(root, name.c_str(), 0);
    }
  });
}

int Count(int root, Census* census) {
  for (int n = 0; n < 256; ++n) {
    const char byte = static_cast<char>(n);
    const int error = CountShelf(root, absl::BytesToHexString({&byte, 1}), census);
    if (error != 0) return error;
  }
  return 0;
}

uint64_t Evict(int root, std::vector<Used> oldest, uint64_t excess, int* error) {
  std::sort_heap(oldest.begin(), oldest.end(), Older);
  uint64_t freed = 0;
  for (const Used& used : oldest) {
    if (freed >= excess) break;
    const Place place = PlaceOf(used.key);
    const Fd shelf(OpenFolder(root, place.shelf));
    struct stat st;
    if (shelf.ok() && fstatat(shelf.get(), place.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        UsedAt(st) > used.at) {
      continue;  // somebody reads it just now
    }
    if ((shelf.ok() && unlinkat(shelf.get(), place.name.c_str(), 0) == 0) || errno == ENOENT) {
      freed += used.charge;
    } else {
      *error = errno;
    }
  }
  return freed;
}

}  // namespace cbzfs::dir_files
