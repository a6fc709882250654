// The tree of fs/core for callers that wait: each call returns when the answer has come.
//
// Any thread but the worker pool's own. Filesystem::Stop() ends every wait with kCancelled.

#ifndef CBZFS_FS_COMMAND_SYNC_H_
#define CBZFS_FS_COMMAND_SYNC_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "fs/core/node.h"

namespace cbzfs {

absl::StatusOr<Found> LookupNow(Node& folder, std::string_view name);
absl::StatusOr<std::shared_ptr<const Listing>> ListNow(Node& folder);
absl::StatusOr<std::shared_ptr<OpenFile>> OpenNow(Node& file);
absl::StatusOr<ReadResult> ReadNow(OpenFile& file, uint64_t offset, size_t size);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_SYNC_H_
