// What a file is besides its bytes: owner, mode, extended attributes with the ACLs, times.
//
// Any thread.

#ifndef CBZFS_FS_MOVE_METADATA_H_
#define CBZFS_FS_MOVE_METADATA_H_

#include <sys/stat.h>

#include "fs/move/entry.h"
#include "fs/move/work.h"

namespace cbzfs {

// Gives the open file or folder `to` what `from` has; `st` is what fstat said of `from` before it
// was read. What cannot be kept is counted. The owner is kept by root alone, and nobody misses it
// otherwise; attributes of the system's own (security., trusted.) are kept where that is permitted.
void KeepMetadata(int from, int to, const struct stat& st, MoveCounts* counts);

// Owner and times of a link.
void KeepLinkMetadata(const Entry& to, const struct stat& st, MoveCounts* counts);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_METADATA_H_
