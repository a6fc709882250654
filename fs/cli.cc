#include "fs/cli.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "codecs/document/document.h"
#include "fs/command/commands.h"
#include "fs/core/version.h"
#include "fs/exit_codes.h"
#include "fs/fuse/session.h"

namespace cbzfs {
namespace {

std::string VersionText() {
  return absl::StrCat("cbzfs ", kVersion, "\nengine ", kEngineVersion, "\nlibfuse ",
                      LibfuseVersion(), "\n");
}

std::string HelpText() {
  std::string text =
      "Usage: cbzfs [options] LIBRARY MOUNTPOINT\n"
      "   or: cbzfs COMMAND ...\n"
      "\n"
      "Mounts the folder LIBRARY at MOUNTPOINT, where every PDF in it reads as a CBZ.\n"
      "Unmount with: cbzfs umount MOUNTPOINT, or fusermount3 -u MOUNTPOINT\n"
      "\n"
      "Commands (\"cbzfs COMMAND --help\" says more; a folder of that name: ./COMMAND):\n";
  for (const CommandHelp& command : kCommands) {
    const std::string form =
        absl::StrCat(std::string(command.name), " ", std::string(command.arguments));
    absl::StrAppendFormat(&text, "  %-22s  %s\n", form, std::string(command.text));
  }
  text +=
      "\n"
      "Options:\n"
      "  -o OPT[,OPT...]         mount options, see below; may be given several times\n"
      "  -f, --foreground        stay in the foreground, log to the terminal\n"
      "  -d, --debug             the same, and log every request\n"
      "  -h, --help              print this and end\n"
      "  -V, --version           print versions and end\n"
      "\n"
      "Mount options (defaults in parentheses; write a comma in a value as \"\\,\"):\n";
  for (const OptionHelp& line : MountOptionHelp()) {
    if (line.option.size() <= 22) {
      absl::StrAppendFormat(&text, "  %-22s  %s\n", std::string(line.option),
                            std::string(line.text));
    } else {
      absl::StrAppendFormat(&text, "  %s\n  %-22s  %s\n", std::string(line.option), "",
                            std::string(line.text));
    }
  }
  absl::StrAppend(&text, "\nSee cbzfs(1).\n");
  return text;
}

ParsedCommandLine Done(int exit_code, std::string text) {
  ParsedCommandLine parsed;
  parsed.done = true;
  parsed.exit_code = exit_code;
  parsed.text = std::move(text);
  return parsed;
}

ParsedCommandLine WrongUsage(const std::string& what) {
  return Done(kExitUsage, absl::StrCat("cbzfs: ", what, "\nTry \"cbzfs --help\".\n"));
}

// The two positional arguments, or what is wrong with their number.
std::string TakePaths(const std::vector<std::string>& paths, CommandLine* command) {
  if (paths.empty()) return "LIBRARY and MOUNTPOINT are missing";
  if (paths.size() == 1) return absl::StrCat("MOUNTPOINT is missing after \"", paths[0], "\"");
  if (paths.size() > 2) return absl::StrCat("\"", paths[2], "\" is one argument too many");
  if (paths[0].empty() || paths[1].empty()) return "LIBRARY and MOUNTPOINT must not be empty";
  command->library = paths[0];
  command->mountpoint = paths[1];
  return "";
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv) {
  ParsedCommandLine parsed;
  CommandLine& command = parsed.command;
  std::vector<std::string> paths;
  std::vector<std::string> lists;
  bool help = false;
  bool version = false;

  CLI::App app;
  app.set_help_flag();  // ours
  app.add_option("paths", paths);
  app.add_option("-o", lists)->allow_extra_args(false);
  app.add_flag("-f,--foreground", command.foreground);
  app.add_flag("-d,--debug", command.debug);
  app.add_flag("-h,--help", help);
  app.add_flag("-V,--version", version);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return WrongUsage(error.what());
  }
  if (help) return Done(kExitOk, HelpText());
  if (version) return Done(kExitOk, VersionText());

  const std::string wrong_paths = TakePaths(paths, &command);
  if (!wrong_paths.empty()) return WrongUsage(wrong_paths);
  absl::Status status;
  for (const std::string& list : lists) status.Update(ParseMountOptions(list, &command.options));
  if (status.ok()) status = LoadConfig(&command.options);
  status.Update(CheckOptions(command.options));
  if (!status.ok()) return WrongUsage(std::string(status.message()));
  if (command.debug) {
    command.foreground = true;
    if (command.options.log_level != "trace") command.options.log_level = "debug";
  }
  return parsed;
}

}  // namespace cbzfs
