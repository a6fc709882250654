// Whether two files have the same bytes.
//
// Any thread.

#ifndef CBZFS_FS_MOVE_COMPARE_H_
#define CBZFS_FS_MOVE_COMPARE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "fs/move/copy_data.h"
#include "fs/move/work.h"

namespace cbzfs {

// Byte for byte over `size`; where both have a hole, nothing is read. A file that ends before is
// different. kCancelled when work->stop is set.
absl::StatusOr<bool> HaveSameBytes(const OpenedFile& a, const OpenedFile& b, uint64_t size,
                                   MoveWork* work);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_COMPARE_H_
