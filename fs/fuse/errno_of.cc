#include "fs/fuse/errno_of.h"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <string>

#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

// What a program provokes by asking, and needs no administrator.
bool Expected(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case EROFS:
    case EINTR:
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
    case ESTALE:
      return true;
    default:
      return false;
  }
}

}  // namespace

int ErrnoOfFailed(std::string_view operation, uint64_t ino, const absl::Status& status) {
  int error = ErrnoOf(status);
  if (error == 0) error = EIO;
  if (!Expected(error) && !WasReported(status)) {
    spdlog::warn("{} of inode {:#x}: {}", operation, ino, status.ToString());
  } else {
    spdlog::trace("{} of inode {:#x}: {}", operation, ino, status.ToString());
  }
  return error;
}

}  // namespace cbzfs
