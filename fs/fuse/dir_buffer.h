// A directory listing, cut into the buffers that READDIR and READDIRPLUS ask for.
//
// Offsets count entries: 0 is ".", 1 "..", 2 the first of the listing; the offset of an entry, as
// the kernel gets it, is the one of the next. A handle keeps its listing, so that they mean the
// same until rewinddir.
//
// Functions of plain values: any thread.

#ifndef CBZFS_FS_FUSE_DIR_BUFFER_H_
#define CBZFS_FS_FUSE_DIR_BUFFER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fs/core/node.h"

namespace cbzfs {

struct DirBuffer {
  std::string bytes;  // empty: the end of the directory
  // Entries that went with their attributes: the kernel counts a reference on each.
  std::vector<const DirEntry*> referenced;
  // Not even the first entry fits: EINVAL.
  bool too_small = false;
};

// The entries of directory `ino` from `offset` on that fit into `size` bytes.
DirBuffer PackEntries(uint64_t ino, const Listing& listing, uint64_t offset, size_t size);

// The same with attributes, valid for `ttl`, where an entry has them. An entry that has none goes
// with node id 0: the kernel then looks it up when somebody asks (fs/fuse/readdir.c,
// fuse_direntplus_link).
DirBuffer PackEntriesPlus(uint64_t ino, const Listing& listing, uint64_t offset, size_t size,
                          absl::Duration ttl);

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_DIR_BUFFER_H_
