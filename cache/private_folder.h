// A folder that only we may write to: of the index, of the page store.
//
// Any thread.

#ifndef CBZFS_CACHE_PRIVATE_FOLDER_H_
#define CBZFS_CACHE_PRIVATE_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cbzfs {

// Makes the folder where it is missing, its parents too, all 0700. `what` is what messages call it
// ("the index's folder"). kPermissionDenied when it belongs to somebody else or others may write to
// it; kFailedPrecondition when it cannot be made or looked at.
absl::Status PreparePrivateFolder(const std::string& folder, absl::string_view what);

}  // namespace cbzfs

#endif  // CBZFS_CACHE_PRIVATE_FOLDER_H_
