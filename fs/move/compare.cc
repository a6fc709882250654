#include "fs/move/compare.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "fs/move/failure.h"

namespace cbzfs {
namespace {

constexpr uint64_t kChunk = 1 << 20;

// The first byte from `at` on that is not in a hole; `size` when all of it is one.
uint64_t NextData(int fd, uint64_t at, uint64_t size) {
  const off_t data = lseek(fd, static_cast<off_t>(at), SEEK_DATA);
  if (data < 0) return errno == ENXIO ? size : at;
  return std::min(size, static_cast<uint64_t>(data));
}

absl::StatusOr<uint64_t> Read(const OpenedFile& file, uint64_t at, uint64_t most, char* buffer) {
  uint64_t done = 0;
  while (done < most) {
    const ssize_t got = pread(file.fd, buffer + done, most - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return CannotRead(file.path, errno);
    if (got == 0) break;
    done += static_cast<uint64_t>(got);
  }
  return done;
}

}  // namespace

absl::StatusOr<bool> HaveSameBytes(const OpenedFile& a, const OpenedFile& b, uint64_t size,
                                   MoveWork* work) {
  const auto buffer_a = std::make_unique<char[]>(kChunk);
  const auto buffer_b = std::make_unique<char[]>(kChunk);
  for (uint64_t at = 0; at < size;) {
    if (work->stop) return Stopped();
    const uint64_t data = std::min(NextData(a.fd, at, size), NextData(b.fd, at, size));
    work->counts.read += data - at;
    at = data;
    const uint64_t most = std::min(kChunk, size - at);
    const auto got_a = Read(a, at, most, buffer_a.get());
    if (!got_a.ok()) return got_a.status();
    const auto got_b = Read(b, at, most, buffer_b.get());
    if (!got_b.ok()) return got_b.status();
    if (*got_a != most || *got_b != most || memcmp(buffer_a.get(), buffer_b.get(), most) != 0) {
      return false;
    }
    at += most;
    work->counts.read += most;
  }
  return true;
}

}  // namespace cbzfs
