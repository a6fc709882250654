// How `cbzfs` ends, for scripts. Documented in man/cbzfs.1, section EXIT STATUS.

#ifndef CBZFS_FS_EXIT_CODES_H_
#define CBZFS_FS_EXIT_CODES_H_

#include "absl/status/status.h"

namespace cbzfs {

enum ExitCode : int {
  kExitOk = 0,            // mounted (in the foreground: and unmounted again)
  kExitFailure = 1,       // anything that has no number of its own
  kExitUsage = 2,         // wrong command line
  kExitLibrary = 3,       // no such library, not a directory, or not readable
  kExitMountpoint = 4,    // the mount point is missing or cannot be used
  kExitBusy = 5,          // something of ours is mounted there already, or a dead mount is
  kExitNoFuse = 6,        // no /dev/fuse
  kExitNotPermitted = 7,  // allow_other without user_allow_other, no fusermount3, no rights
  kExitWorker = 8,        // the worker program cannot be started
  kExitIndex = 9,         // the folder of the index, or of the page store, cannot be used
};

// For what Filesystem::Create() and Session::Mount() fail with.
ExitCode ExitCodeOfCreate(const absl::Status& status);
ExitCode ExitCodeOfMount(const absl::Status& status);

}  // namespace cbzfs

#endif  // CBZFS_FS_EXIT_CODES_H_
