#include "codecs/worker/result_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace cbzfs {
namespace {

// Linux 6.3 and newer: nobody will ever execute this file. In no header of Debian 12.
#ifndef MFD_NOEXEC_SEAL
constexpr unsigned int MFD_NOEXEC_SEAL = 0x8U;
#endif

int CreateMemfd() {
  const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const int fd = memfd_create("cbzfs-result", flags | MFD_NOEXEC_SEAL);
  return fd >= 0 || errno != EINVAL ? fd : memfd_create("cbzfs-result", flags);
}

}  // namespace

absl::StatusOr<UniqueFd> MakeResultFile(uint64_t capacity) {
  UniqueFd fd(CreateMemfd());
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "memfd_create");
  if (ftruncate(fd.get(), static_cast<off_t>(capacity)) != 0) {
    return absl::ErrnoToStatus(errno, "ftruncate of a memfd");
  }
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
    return absl::ErrnoToStatus(errno, "sealing a memfd");
  }
  return fd;
}

absl::Status WriteResult(int fd, std::string_view bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put =
        pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return absl::ResourceExhaustedError("the result does not fit its file");
    done += static_cast<size_t>(put);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> CollectResult(int fd, uint64_t bytes, uint64_t capacity) {
  if (bytes > capacity) return absl::DataLossError("a result longer than its file");
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) != 0) {
    return absl::DataLossError("the worker kept its hands on the result");
  }
  // In pieces that stay in the processor's cache: a string of `bytes` would first be filled with
  // noughts, which was a third of what the daemon did while pages were drawn.
  std::array<char, 32 << 10> piece;
  std::string result;
  result.reserve(bytes);
  while (result.size() < bytes) {
    const ssize_t got =
        pread(fd, piece.data(), std::min<uint64_t>(bytes - result.size(), piece.size()),
              static_cast<off_t>(result.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::DataLossError("a result shorter than its file");
    result.append(piece.data(), static_cast<size_t>(got));
  }
  return result;
}

}  // namespace cbzfs
