#include "fs/move/copy_data.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "fs/move/failure.h"

namespace cbzfs {
namespace {

constexpr uint64_t kChunk = 1 << 20;
// Of what the kernel copies; between two of them a signal is heeded and progress told.
constexpr uint64_t kKernelChunk = 16 << 20;

bool IsFull(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

// 0, or an errno of those that mean that there is no room.
int TakeRoom(int fd, const std::vector<Extent>& extents) {
  uint64_t needed = 0;
  bool taken = true;
  for (const Extent& extent : extents) {
    needed += extent.length;
    while (taken && fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(extent.offset),
                              static_cast<off_t>(extent.length)) != 0) {
      if (errno == EINTR) continue;
      if (IsFull(errno)) return errno;
      taken = false;  // a file system that cannot
    }
  }
  struct statvfs room;
  if (taken || fstatvfs(fd, &room) != 0 || room.f_blocks == 0) return 0;
  return needed / room.f_frsize > room.f_bavail ? ENOSPC : 0;
}

class Copier {
 public:
  Copier(const OpenedFile& from, const OpenedFile& to, MoveWork* work)
      : from_(from), to_(to), work_(work) {}

  absl::Status Copy(const Extent& extent) {
    const uint64_t end = extent.offset + extent.length;
    for (uint64_t at = extent.offset; at < end;) {
      if (work_->stop) return Stopped();
      const absl::StatusOr<uint64_t> put = Some(at, end - at);
      if (!put.ok()) return put.status();
      at += *put;
      work_->counts.bytes += *put;
      work_->counts.read += *put;
    }
    return absl::OkStatus();
  }
  bool by_kernel() const { return by_kernel_; }

 private:
  // How many bytes were copied. Not 0.
  absl::StatusOr<uint64_t> Some(uint64_t at, uint64_t most) {
    if (by_kernel_) {
      auto in = static_cast<off_t>(at);
      auto out = static_cast<off_t>(at);
      const ssize_t put =
          copy_file_range(from_.fd, &in, to_.fd, &out, std::min(most, kKernelChunk), 0);
      if (put > 0) return static_cast<uint64_t>(put);
      if (put < 0 && IsFull(errno)) return CannotWrite(to_.path, errno);
      // It cannot, or something is wrong: by hand it shows with which of the two.
      by_kernel_ = false;
    }
    if (buffer_ == nullptr) buffer_ = std::make_unique<char[]>(kChunk);
    const absl::StatusOr<uint64_t> got = Read(at, std::min(most, kChunk));
    if (!got.ok()) return got.status();
    if (absl::Status status = Write(at, *got); !status.ok()) return status;
    return *got;
  }

  absl::StatusOr<uint64_t> Read(uint64_t at, uint64_t most) {
    ssize_t got = 0;
    do {
      got = pread(from_.fd, buffer_.get(), most, static_cast<off_t>(at));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return CannotRead(from_.path, errno);
    if (got == 0) return HasChanged(from_.path);
    return static_cast<uint64_t>(got);
  }

  absl::Status Write(uint64_t at, uint64_t size) {
    for (uint64_t done = 0; done < size;) {
      const ssize_t put =
          pwrite(to_.fd, buffer_.get() + done, size - done, static_cast<off_t>(at + done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return CannotWrite(to_.path, errno);
      done += static_cast<uint64_t>(put);
    }
    return absl::OkStatus();
  }

  const OpenedFile& from_;
  const OpenedFile& to_;
  MoveWork* const work_;
  bool by_kernel_ = true;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace

std::vector<Extent> DataOf(int fd, uint64_t size) {
  std::vector<Extent> extents;
  for (uint64_t at = 0; at < size;) {
    const off_t data = lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // a hole up to the end
    if (data < 0) return {{.offset = 0, .length = size}};
    const off_t hole = lseek(fd, data, SEEK_HOLE);
    const auto begin = static_cast<uint64_t>(data);
    const uint64_t end = hole < 0 ? size : std::min(size, static_cast<uint64_t>(hole));
    if (begin >= end) break;
    extents.push_back({.offset = begin, .length = end - begin});
    at = end;
  }
  return extents;
}

absl::StatusOr<CopyMethod> CopyData(const OpenedFile& from, const OpenedFile& to, uint64_t size,
                                    MoveWork* work) {
  if (size > 0 && ioctl(to.fd, FICLONE, from.fd) == 0) {
    work->counts.bytes += size;
    work->counts.read += size;
    return CopyMethod::kShared;
  }
  const std::vector<Extent> extents = DataOf(from.fd, size);
  if (const int error = TakeRoom(to.fd, extents); error != 0) return CannotWrite(to.path, error);
  posix_fadvise(from.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  Copier copier(from, to, work);
  uint64_t end = 0;
  for (const Extent& extent : extents) {
    work->counts.read += extent.offset - end;  // the hole before it
    if (absl::Status status = copier.Copy(extent); !status.ok()) return status;
    end = extent.offset + extent.length;
  }
  // Only a hole at the end: where there are no holes, making a file longer writes zeros.
  if (end < size && ftruncate(to.fd, static_cast<off_t>(size)) != 0) {
    return CannotWrite(to.path, errno);
  }
  work->counts.read += size - end;
  return copier.by_kernel() ? CopyMethod::kKernel : CopyMethod::kChunks;
}

}  // namespace cbzfs
