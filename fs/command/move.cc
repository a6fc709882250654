// cbzfs move: files and folders to another place, which may be another disk.

#include <atomic>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fs/command/arguments.h"
#include "fs/command/mounts.h"
#include "fs/command/progress.h"
#include "fs/command/text.h"
#include "fs/exit_codes.h"
#include "fs/move/hidden.h"
#include "fs/move/mover.h"
#include "fs/move/plan.h"
#include "fs/signals.h"

namespace cbzfs {
namespace {

constexpr int kExitSignal = 128;  // and the signal's number

const char* DescriptionText() {
  return "Moves files and folders: renamed where that is possible, else copied, read back and\n"
         "compared, and only then removed. DEST is a folder, or the new name of a single SRC. A\n"
         "folder that is there already is merged with; a file that is there is replaced only with\n"
         "--force, and taken as moved when it is the same. Stopped at any point, nothing is lost,\n"
         "and the same command again goes on from there.";
}

struct MoveLine {
  MoveSettings settings;
  std::vector<std::string> paths;
  bool dry_run = false;
  bool quiet = false;
};

int ExitCodeOfPlan(const absl::Status& status) {
  if (absl::IsInvalidArgument(status)) return kExitUsage;
  return absl::IsNotFound(status) ? kExitLibrary : kExitFailure;
}

// A mount shows what is not there, and nothing in it can be removed. Empty: all is well.
std::string WhyNotFromMount(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    std::filesystem::path name(path);
    if (!name.has_filename()) name = name.parent_path();
    // A link is moved as such, wherever it leads.
    const std::filesystem::path folder = name.has_parent_path() ? name.parent_path() : ".";
    const bool is_dest = &path == &paths.back();
    const auto mount = FindMountAbove(is_dest ? path : folder.string());
    std::error_code ignored;
    const bool is_link = std::filesystem::is_symlink(name, ignored);
    const auto itself = is_dest || is_link ? std::nullopt : FindMountAt(path);
    if (itself.has_value()) {
      return absl::StrCat(path, " is a mount of cbzfs; unmount it with cbzfs umount");
    }
    if (!mount.has_value()) continue;
    if (is_dest) {
      return absl::StrCat(path,
                          " is in a mount of cbzfs, which is read-only: move it into the"
                          " library that is mounted there");
    }
    return absl::StrCat(path,
                        " is in a mount of cbzfs, from which nothing can be removed: copy it"
                        " with cp, or write it with cbzfs convert");
  }
  return "";
}

void PrintPlan(const MovePlan& plan) {
  for (const PlannedMove& move : plan.moves) {
    std::string text = move.done     ? "moved already"
                       : move.copies ? absl::StrCat("copy, ", CountText(move.totals.files, "file"),
                                                    ", ", BytesText(move.totals.bytes))
                                     : "rename";
    if (!move.done && move.exists) text += "; something is there already";
    printf("%s -> %s: %s\n", move.from.path.c_str(), move.to.path.c_str(), text.c_str());
  }
}

void WarnOfLost(const MoveCounts& counts, Progress* progress) {
  const std::pair<uint64_t, const char*> kinds[] = {
      {counts.lost_owners, "owner or group"},
      {counts.lost_modes, "all of the mode"},
      {counts.lost_attributes, "all extended attributes"},
      {counts.lost_times, "the times"}};
  for (const auto& [count, what] : kinds) {
    if (count == 0) continue;
    progress->Warn(absl::StrCat("cbzfs move: of ", CountText(count, "file"),
                                " the new file system could not keep ", what));
  }
}

void Summary(const MoveCounts& counts, uint64_t done, double seconds) {
  std::string text = absl::StrCat(counts.renamed.load(), " renamed, ", counts.copied.load(),
                                  " copied, ", counts.there.load() + done, " there already");
  if (counts.failed > 0) absl::StrAppend(&text, ", ", counts.failed.load(), " failed");
  absl::StrAppend(&text, ": ", BytesText(counts.bytes), " in ", DurationText(seconds));
  puts(text.c_str());
}

int MoveAll(const MovePlan& plan, const MoveLine& line) {
  const EndSignals signals;
  std::atomic<int> ended = 0;
  MoveWork work;
  work.settings = line.settings;
  const EndListener listener([&](int number) {
    ended = number;
    work.stop = true;
  });
  uint64_t to_read = 0;
  for (const PlannedMove& move : plan.moves) to_read += move.totals.bytes;
  if (line.settings.verify) to_read *= 2;
  const absl::Time start = absl::Now();
  std::atomic<uint64_t> done = 0;
  uint64_t before = 0;
  bool stopped = false;
  {
    Progress progress("moved", line.quiet, [&] {
      return ProgressCounts{.done = done,
                            .total = plan.moves.size(),
                            .share = to_read == 0 ? 0
                                                  : static_cast<double>(work.counts.read.load()) /
                                                        static_cast<double>(to_read),
                            .bytes = work.counts.read,
                            .has_pages = false};
    });
    work.on_current = [&](const std::string& path) {
      progress.Current(std::filesystem::path(path).filename().string());
    };
    work.on_done = [&](const std::string& text) { progress.Line(text); };
    work.on_failure = [&](const std::string& text) { progress.Warn("cbzfs move: " + text); };
    Mover mover(&work);
    for (const PlannedMove& move : plan.moves) {
      if (ended != 0) break;
      if (move.done) {
        ++before;
        Journal::RemoveFor(move.from, move.to);
        progress.Line(absl::StrCat(move.from.path, " -> ", move.to.path, ": moved already"));
      } else {
        stopped = !mover.Move(move.from, move.to) && ended != 0;
        if (stopped) break;
      }
      ++done;
    }
    WarnOfLost(work.counts, &progress);
  }
  if (!line.quiet) Summary(work.counts, before, absl::ToDoubleSeconds(absl::Now() - start));
  // A signal behind the last file has stopped nothing.
  if (stopped || (ended != 0 && done < plan.moves.size())) {
    fprintf(stderr, "cbzfs move: stopped; run it again to go on\n");
    return kExitSignal + ended;
  }
  return work.counts.failed > 0 ? kExitFailure : kExitOk;
}

}  // namespace

int RunMove(const Arguments& arguments) {
  CLI::App app(DescriptionText(), "cbzfs move");
  MoveLine line;
  bool no_verify = false;
  app.add_option("PATHS", line.paths, "SRC... DEST")->required()->expected(2, INT_MAX);
  app.add_flag("--force", line.settings.force,
               "replace files that are there and differ; until the new one is whole, the old one"
               " stays");
  app.add_flag("--no-verify", no_verify, "do not read copies back and compare them");
  app.add_flag("-n,--dry-run", line.dry_run, "say what would be renamed and copied, and end");
  app.add_flag("-q,--quiet", line.quiet, "say nothing but what fails");
  if (const auto end = Parse(&app, arguments)) return *end;
  line.settings.verify = !no_verify;
  if (const std::string why = WhyNotFromMount(line.paths); !why.empty()) {
    return Complain(app, kExitUsage, why);
  }
  const auto plan = PlanMove(line.paths);
  if (!plan.ok()) {
    return Complain(app, ExitCodeOfPlan(plan.status()), std::string(plan.status().message()));
  }
  if (line.dry_run) {
    PrintPlan(*plan);
    return kExitOk;
  }
  return MoveAll(*plan, line);
}

}  // namespace cbzfs
