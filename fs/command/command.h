// Runs a command: `cbzfs NAME ...`.
//
// Each reads its own arguments, prints to the standard streams, and ends with an exit status of
// fs/exit_codes.h, as man/cbzfs.1 documents them. Main thread, once a process.

#ifndef CBZFS_FS_COMMAND_COMMAND_H_
#define CBZFS_FS_COMMAND_COMMAND_H_

#include <string>
#include <vector>

namespace cbzfs {

// What follows the command's name.
using Arguments = std::vector<std::string>;

// `worker_program` is an absolute path; for those that draw pages.
int RunConvert(const Arguments& arguments, const std::string& worker_program);
int RunInspect(const Arguments& arguments, const std::string& worker_program);
int RunMove(const Arguments& arguments);
int RunStatus(const Arguments& arguments);
int RunWarm(const Arguments& arguments);
int RunUmount(const Arguments& arguments);

// The command that FindCommand() found in `argv`.
int RunCommand(int argc, const char* const* argv, const std::string& worker_program);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_COMMAND_H_
