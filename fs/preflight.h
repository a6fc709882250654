// Looks before the leap: everything that can be said about a mount before anything is started, each
// failure with its own exit code and with what to do about it. libfuse and fusermount3 would refuse
// most of these as well, but later, and in fewer words.

#ifndef CBZFS_FS_PREFLIGHT_H_
#define CBZFS_FS_PREFLIGHT_H_

#include <optional>
#include <string>

#include "fs/cli.h"

namespace cbzfs {

struct StartFailure {
  int exit_code = 1;
  std::string message;  // without "cbzfs:" in front
};

// Where the files that are looked at lie; tests have their own.
struct System {
  std::string fuse_device = "/dev/fuse";
  std::string fuse_conf = "/etc/fuse.conf";
  std::string mountinfo = "/proc/self/mountinfo";
  bool root = false;
};
System ThisSystem();

// Checks `command` and makes its paths absolute, without links in the directories (the process
// leaves its working directory later).
std::optional<StartFailure> Prepare(const System& system, CommandLine* command);

// The worker program: $CBZFS_WORKER; else beside this program, as installed or in the build tree;
// else where it was configured to be installed. Not checked for existence.
std::string FindWorkerProgram();

}  // namespace cbzfs

#endif  // CBZFS_FS_PREFLIGHT_H_
