// The files of DirBackend (dir_backend.h): their names, what they count for, looking through them.
// Used by DirBackend only. No state, any thread. `root` is the open folder; nothing here follows a
// symbolic link.

#ifndef CBZFS_CACHE_STORE_DIR_FILES_H_
#define CBZFS_CACHE_STORE_DIR_FILES_H_

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cache/store/backend.h"

namespace cbzfs::dir_files {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Begins the names of files that are being written: tmp-PID-START-N, in the root.
inline constexpr char kTemporary[] = "tmp-";

struct Place {
  std::string shelf;  // the folder's name: the first byte of the key, in hex
  std::string name;   // the others
};
Place PlaceOf(const StoreKey& key);

// What a file of `size` counts for. The bound should not depend on the disk, so its blocks are not
// asked for.
uint64_t Charge(uint64_t size);

// A descriptor, or -1 and errno.
int OpenFolder(int root, const std::string& name);
// Whether an errno says that nothing of ours stands there.
bool IsNothing(int error);
// Whether it can be a value, or part of one: a regular file, ours, not too long.
bool IsOurs(const struct stat& st);

// When the process began, in ticks since the machine did; 0 when that cannot be known.
uint64_t StartOf(uint64_t pid);
// Removes temporary files of processes that are gone, and those older than an hour.
void RemoveLeftovers(int root);

struct Used {
  int64_t at;  // nanoseconds since 1970
  uint32_t charge;
  StoreKey key;
};
struct Census {
  uint64_t bytes = 0;
  std::vector<Used> oldest;  // a heap, the youngest on top; bounded, so perhaps not all
};
// Looks at every value. 0, or an errno.
int Count(int root, Census* census);
// Removes the oldest until `excess` bytes are gone or `oldest` is used up, but none that was used
// since. Returns how many bytes are gone; *error becomes the last errno.
uint64_t Evict(int root, std::vector<Used> oldest, uint64_t excess, int* error);

}  // namespace cbzfs::dir_files

#endif  // CBZFS_CACHE_STORE_DIR_FILES_H_
