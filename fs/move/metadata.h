// What a file is besides its bytes: owner, mode, extended attributes with the ACLs, times.
//
// Any thread.

#ifndef CBZFS_FS_MOVE_METADATA_H_
#define CBZFS_FS_MOVE_METADATA_H_

#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"
#include "fs/move/entry.h"
#include "fs/move/work.h"

namespace cbzfs {

// Gives the open file or folder `to`, which is at `path`, what `from` has; `st` is what fstat said
// of `from` before it was read. What this file system or user cannot keep is counted, and all other
// failures (a full disk) are failures. The owner is kept by root alone, and nobody misses it
// otherwise; attributes of the system's own (security., trusted.) are kept where that is permitted.
absl::Status KeepMetadata(int from, int to, const std::string& path, const struct stat& st,
                          MoveCounts* counts);

// Owner and times of a link.
absl::Status KeepLinkMetadata(const Entry& to, const struct stat& st, MoveCounts* counts);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_METADATA_H_
