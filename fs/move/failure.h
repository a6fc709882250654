// What went wrong, with which file, and what the user can do.
//
// Functions of plain values: any thread.

#ifndef CBZFS_FS_MOVE_FAILURE_H_
#define CBZFS_FS_MOVE_FAILURE_H_

#include <string>

#include "absl/status/status.h"

namespace cbzfs {

// `error` is a positive errno; the code is the one that fits it.
absl::Status CannotRead(const std::string& path, int error);
absl::Status CannotWrite(const std::string& path, int error);
// Of a source, when its copy is whole.
absl::Status CannotRemove(const std::string& path, int error);

// A source was written to while it was read.
absl::Status HasChanged(const std::string& path);

// The user wants to end.
absl::Status Stopped();

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_FAILURE_H_
