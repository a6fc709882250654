// The command line of `cbzfs`.
//
// Arguments come in any order, so that the forms of a person ("cbzfs -o ro LIB MNT") and of
// mount.fuse3 and fstab ("cbzfs LIB MNT -o ro") are one.

#ifndef CBZFS_FS_CLI_H_
#define CBZFS_FS_CLI_H_

#include <string>

#include "fs/core/options.h"

namespace cbzfs {

struct CommandLine {
  std::string library;     // as typed
  std::string mountpoint;  // as typed
  bool foreground = false;
  bool debug = false;
  Options options;
};

struct ParsedCommandLine {
  // Set: there is nothing to mount. `text` goes to standard output when the code is kExitOk, else
  // to standard error.
  bool done = false;
  int exit_code = 0;
  std::string text;
  CommandLine command;
};

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace cbzfs

#endif  // CBZFS_FS_CLI_H_
