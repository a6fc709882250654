// A folder that only we may write to: for what we read back later and must be able to believe.

#ifndef CBZFS_CACHE_PRIVATE_FOLDER_H_
#define CBZFS_CACHE_PRIVATE_FOLDER_H_

#include <string>

#include "absl/status/status.h"

namespace cbzfs {

// Makes `folder`, and its parents, for us alone where they are missing. `what` is its name in
// messages ("the index's folder"). kFailedPrecondition when it cannot be made or is no folder;
// kPermissionDenied when it belongs to somebody else or others may write to it.
absl::Status MakePrivateFolder(const std::string& folder, const std::string& what);

}  // namespace cbzfs

#endif  // CBZFS_CACHE_PRIVATE_FOLDER_H_
