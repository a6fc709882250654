#include "codecs/worker/mapped_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cbzfs {

void MappedFile::Unmap::operator()(uint8_t* data) const { munmap(data, bytes); }

absl::StatusOr<MappedFile> MappedFile::Map(int fd, uint64_t bytes) {
  // Not fstat, which is a call that could name any path (newfstatat): the sandbox has none.
  const off_t size = lseek(fd, 0, SEEK_END);
  // Of a network or a disk, not of the file: it may be there again.
  if (size < 0) {
    return absl::UnavailableError(absl::StrCat("the source cannot be read: ", strerror(errno)));
  }
  if (static_cast<uint64_t>(size) < bytes) {
    return absl::DataLossError("the file became shorter while it was open");
  }
  if (bytes == 0) return absl::InvalidArgumentError("the file is empty");
  void* const data = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED && errno != ENOMEM) {
    return absl::UnavailableError(absl::StrCat("the source cannot be mapped: ", strerror(errno)));
  }
  if (data == MAP_FAILED) return absl::ResourceExhaustedError("the file is too large to be mapped");
  return MappedFile(static_cast<uint8_t*>(data), bytes);
}

}  // namespace cbzfs
