// A small text file that the one who mounts has named: passwords=, config=.
//
// Pure but for the file: any thread.

#ifndef CBZFS_FS_CORE_SETTINGS_FILE_H_
#define CBZFS_FS_CORE_SETTINGS_FILE_H_

#include <sys/stat.h>

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

namespace cbzfs {

// All of a regular file of at most 1 MiB. `objection` says of what stat tells why such a file is
// not taken, or nothing; the same descriptor is looked at and read: it may not be another file
// meanwhile. kInvalidArgument with a message to stand behind the file's name.
absl::StatusOr<std::string> ReadSettingsFile(
    const std::string& path, absl::FunctionRef<std::string(const struct stat&)> objection =
                                 [](const struct stat&) { return std::string(); });

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_SETTINGS_FILE_H_
