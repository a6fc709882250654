// The command line of one command, by CLI11, with the messages and exit statuses of the rest of the
// program.
//
// Main thread.

#ifndef CBZFS_FS_COMMAND_ARGUMENTS_H_
#define CBZFS_FS_COMMAND_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "fs/command/command.h"
#include "fs/core/options.h"

namespace cbzfs {

// Parses; a value is the exit status to end with, help or the error having been printed. `app` was
// made with the command's description and "cbzfs NAME" as its name.
std::optional<int> Parse(CLI::App* app, const Arguments& arguments);

// Prints "cbzfs NAME: message" to standard error and returns the status.
int Complain(const CLI::App& app, int exit_code, const std::string& message);

// `-o` lists as a mount takes them, those that say how pages are made. What is about a mount alone
// is taken and has no effect. Prints what is wrong with them.
std::optional<int> TakeMountOptions(const CLI::App& app, const std::vector<std::string>& lists,
                                    Options* options);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_ARGUMENTS_H_
