// One file or link, copied: whole and with all that belongs to it, or not at all.
//
// The copy is written under a hidden name, brought to the disk, read back from there and compared,
// and then renamed. That the renaming is on the disk is up to the caller (fsync of the folder).
//
// One thread.

#ifndef CBZFS_FS_MOVE_COPY_FILE_H_
#define CBZFS_FS_MOVE_COPY_FILE_H_

#include <sys/stat.h>

#include "absl/status/statusor.h"
#include "fs/move/entry.h"
#include "fs/move/work.h"

namespace cbzfs {

// What the source was when it was copied. Without `replace` kAlreadyExists where something is
// there. kAborted: the source was written to meanwhile; kDataLoss: the copy reads back different.
absl::StatusOr<struct stat> CopyFile(const Entry& from, const Entry& to, bool replace,
                                     MoveWork* work);
absl::StatusOr<struct stat> CopyLink(const Entry& from, const Entry& to, bool replace,
                                     MoveWork* work);

// Whether two regular files have the same bytes or two links the same target; all other pairs are
// different. What is equal is on the disk afterwards.
absl::StatusOr<bool> IsEqual(const Entry& from, const struct stat& from_st, const Entry& to,
                             const struct stat& to_st, MoveWork* work);

// A source whose copy is whole; it is left when it is not any more what was copied (kAborted). One
// that is gone already is fine.
absl::Status RemoveSource(const Entry& from, const struct stat& copied);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_COPY_FILE_H_
