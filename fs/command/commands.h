// The commands beside mounting, `cbzfs NAME ...`: their names and a line of help on each.
//
// Constants and functions of plain values: any thread.

#ifndef CBZFS_FS_COMMAND_COMMANDS_H_
#define CBZFS_FS_COMMAND_COMMANDS_H_

#include <array>
#include <string_view>

namespace cbzfs {

struct CommandHelp {
  std::string_view name;
  std::string_view arguments;
  std::string_view text;
};

inline constexpr std::array<CommandHelp, 6> kCommands = {{
    {"convert", "SRC... DEST", "write the CBZs to disk"},
    {"inspect", "FILE", "say of each page how it is made, and why"},
    {"move", "SRC... DEST", "move files and folders, also to another disk; nothing is lost"},
    {"status", "MOUNTPOINT", "show what a mount is doing"},
    {"warm", "PATH...", "have sizes and first pages of a mount at hand"},
    {"umount", "MOUNTPOINT", "unmount, and wait until the program has ended"},
}};

// A command is named by the first argument and nothing else, so a folder that is called like one
// can be mounted as "./convert".
constexpr const CommandHelp* FindCommand(int argc, const char* const* argv) {
  if (argc < 2) return nullptr;
  for (const CommandHelp& command : kCommands) {
    if (command.name == argv[1]) return &command;
  }
  return nullptr;
}

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_COMMANDS_H_
