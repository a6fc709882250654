// A file descriptor that is closed with its owner. Not thread-safe; costs an int.

#ifndef CBZFS_CODECS_WORKER_UNIQUE_FD_H_
#define CBZFS_CODECS_WORKER_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace cbzfs {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_UNIQUE_FD_H_
