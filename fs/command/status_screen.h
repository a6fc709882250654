// What `cbzfs status` shows: lines of text made of the status of a mount.
//
// Pure functions: any thread.

#ifndef CBZFS_FS_COMMAND_STATUS_SCREEN_H_
#define CBZFS_FS_COMMAND_STATUS_SCREEN_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cbzfs {

// `before` is an earlier status of the same mount, `seconds` older, from which rates follow; null:
// there is none, and no rate is shown. Fields that a status of another version lacks count as 0.
std::vector<std::string> StatusLines(const std::string& mount_point, const nlohmann::json& now,
                                     const nlohmann::json& before, double seconds);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_STATUS_SCREEN_H_
