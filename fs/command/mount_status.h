// `.cbzfs/status` of a mount, read without waiting for a program that hangs.
//
// Main thread.

#ifndef CBZFS_FS_COMMAND_MOUNT_STATUS_H_
#define CBZFS_FS_COMMAND_MOUNT_STATUS_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cbzfs {

// kDeadlineExceeded when there is no answer in time (the thread that waits for it is left behind),
// kPermissionDenied for another user's mount, kUnavailable where the program has died or nothing is
// mounted. The messages are for the user.
absl::StatusOr<nlohmann::json> ReadMountStatus(const std::string& mount_point,
                                               absl::Duration deadline);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_MOUNT_STATUS_H_
