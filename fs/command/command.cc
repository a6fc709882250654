#include "fs/command/command.h"

#include <string_view>

#include "fs/command/commands.h"
#include "fs/exit_codes.h"

namespace cbzfs {

int RunCommand(int argc, const char* const* argv, const std::string& worker_program) {
  const CommandHelp* const command = FindCommand(argc, argv);
  if (command == nullptr) return kExitUsage;
  const Arguments arguments(argv + 2, argv + argc);
  if (command->name == "convert") return RunConvert(arguments, worker_program);
  if (command->name == "inspect") return RunInspect(arguments, worker_program);
  if (command->name == "move") return RunMove(arguments);
  if (command->name == "status") return RunStatus(arguments);
  if (command->name == "warm") return RunWarm(arguments);
  return RunUmount(arguments);
}

}  // namespace cbzfs
