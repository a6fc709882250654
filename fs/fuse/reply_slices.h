// The answer to a read: the slices of a ReadResult, in one system call.
//
// Functions of plain values: any thread.

#ifndef CBZFS_FS_FUSE_REPLY_SLICES_H_
#define CBZFS_FS_FUSE_REPLY_SLICES_H_

#include <cstddef>

#include "fs/core/node.h"

struct fuse_req;

namespace cbzfs {

// Answers `request`, which asked for `asked` bytes; EIO when the result is longer, since the kernel
// would refuse it.
void ReplySlices(fuse_req* request, const ReadResult& result, size_t asked);

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_REPLY_SLICES_H_
