// The bytes of a file, copied the cheapest way there is, holes left holes.
//
// In this order: the blocks are shared (FICLONE), the kernel copies (copy_file_range), or 1 MiB is
// read and written at a time. Room is taken before the first byte, so a full disk shows at once.
//
// Any thread, one call a file at a time.

#ifndef CBZFS_FS_MOVE_COPY_DATA_H_
#define CBZFS_FS_MOVE_COPY_DATA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fs/move/work.h"

namespace cbzfs {

struct OpenedFile {
  int fd = -1;       // not owned
  std::string path;  // for messages
};

enum class CopyMethod : uint8_t { kShared, kKernel, kChunks };

// `from` has `size` bytes; `to` is empty. kCancelled when work->stop is set, kAborted when `from`
// has become shorter.
absl::StatusOr<CopyMethod> CopyData(const OpenedFile& from, const OpenedFile& to, uint64_t size,
                                    MoveWork* work);

struct Extent {
  uint64_t offset = 0;
  uint64_t length = 0;
};
// Where a file has data. Where a file system cannot tell, all of it is.
std::vector<Extent> DataOf(int fd, uint64_t size);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_COPY_DATA_H_
