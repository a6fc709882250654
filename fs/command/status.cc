// cbzfs status: what a mount is doing, once or live.

#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fs/command/arguments.h"
#include "fs/command/mount_status.h"
#include "fs/command/mounts.h"
#include "fs/command/status_screen.h"
#include "fs/command/terminal.h"
#include "fs/command/text.h"
#include "fs/exit_codes.h"

namespace cbzfs {
namespace {

constexpr absl::Duration kAnswerWithin = absl::Seconds(5);

int ExitCodeOf(const absl::Status& status) {
  return absl::IsPermissionDenied(status) ? kExitNotPermitted : kExitFailure;
}

int ShowOnce(const CLI::App& app, const std::string& point, bool json) {
  const auto status = ReadMountStatus(point, kAnswerWithin);
  if (!status.ok()) {
    return Complain(app, ExitCodeOf(status.status()), std::string(status.status().message()));
  }
  if (json) {
    puts(status->dump(2).c_str());
    return kExitOk;
  }
  for (const std::string& line : StatusLines(point, *status, nullptr, 0)) puts(line.c_str());
  return kExitOk;
}

// One line longer than the terminal is wide would scroll all others away.
void Draw(const std::vector<std::string>& lines) {
  const size_t columns = TerminalColumns(STDOUT_FILENO);
  std::string screen = "\x1b[H";
  for (const std::string& line : lines) {
    absl::StrAppend(&screen, FitWidth(line, columns > 1 ? columns - 1 : 1), "\x1b[K\n");
  }
  absl::StrAppend(&screen, "\x1b[J");
  fputs(screen.c_str(), stdout);
  fflush(stdout);
}

int ShowLive(const CLI::App& app, const std::string& point, absl::Duration interval) {
  absl::Status failure;
  {
    LiveScreen live;
    nlohmann::json before;
    absl::Time before_at;
    do {
      auto status = ReadMountStatus(point, kAnswerWithin);
      if (!status.ok()) {
        failure = status.status();
        break;
      }
      const absl::Time now = absl::Now();
      std::vector<std::string> lines =
          StatusLines(point, *status, before, absl::ToDoubleSeconds(now - before_at));
      lines.emplace_back("");
      lines.emplace_back("q ends this");
      Draw(lines);
      before = *std::move(status);
      before_at = now;
    } while (!live.WaitForEnd(interval));
  }
  if (failure.ok()) return kExitOk;
  return Complain(app, ExitCodeOf(failure), std::string(failure.message()));
}

}  // namespace

int RunStatus(const Arguments& arguments) {
  CLI::App app(
      "Shows what the mount at MOUNTPOINT is doing: hits, pages made, memory, queue. On a "
      "terminal\n"
      "it goes on until q is typed.",
      "cbzfs status");
  std::string path;
  bool once = false;
  bool json = false;
  double interval = 1;
  app.add_option("MOUNTPOINT", path, "the mount point, or a path in it")->required();
  app.add_flag("-1,--once", once, "print it once and end; so too where there is no terminal");
  app.add_flag("--json", json, "print it once as JSON (the text of .cbzfs/status)");
  app.add_option("--interval", interval, "seconds between two looks (1)")
      ->check(CLI::Range(0.1, 3600.0));
  if (const auto end = Parse(&app, arguments)) return *end;
  const auto mount = FindMountAbove(path);
  if (!mount.has_value()) {
    return Complain(app, kExitMountpoint, absl::StrCat("cbzfs has nothing mounted at ", path));
  }
  const bool live = !once && !json && isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  return live ? ShowLive(app, mount->point, absl::Seconds(interval))
              : ShowOnce(app, mount->point, json);
}

}  // namespace cbzfs
