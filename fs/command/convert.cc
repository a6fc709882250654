// cbzfs convert: the CBZs of a mount, on disk.

#include <signal.h>

#include <cstdio>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fs/command/arguments.h"
#include "fs/command/convert_plan.h"
#include "fs/command/converter.h"
#include "fs/command/text.h"
#include "fs/exit_codes.h"
#include "fs/logging.h"
#include "fs/signals.h"

namespace cbzfs {
namespace {

constexpr int kExitSignal = 128;  // and the signal's number

const char* DescriptionText() {
  return "Writes the CBZs that a mount would show to disk: the same bytes, or with --tight "
         "without\n"
         "padding. A CBR, CB7 or CBT that is a SRC itself becomes a CBZ too, with -o repack=yes\n"
         "also those in folders. All other files are copied. A SRC is a file or a folder; a folder "
         "becomes a\n"
         "folder in DEST, and with a slash at its end its contents go into DEST. One comic may "
         "also\n"
         "become a DEST ending in .cbz. What is there and up to date is left; no SRC is written "
         "to\n"
         "or removed.";
}

struct ConvertLine {
  ConvertSettings settings;
  std::vector<std::string> paths;
};

void Summary(const ConvertTotals& totals, double seconds, bool quiet) {
  if (quiet) return;
  std::string text =
      absl::StrCat(CountText(totals.converted, "file"), " converted, ", totals.copied.load(),
                   " copied, ", totals.up_to_date.load(), " up to date");
  if (totals.left_out > 0) absl::StrAppend(&text, ", ", totals.left_out.load(), " left out");
  if (totals.failed > 0) absl::StrAppend(&text, ", ", totals.failed.load(), " failed");
  absl::StrAppend(&text, ": ", CountText(totals.pages, "page"), " (", totals.made.load(),
                  " made), ", BytesText(totals.bytes), " in ", DurationText(seconds));
  puts(text.c_str());
}

int ConvertAll(const CLI::App& app, const ConvertLine& line, const std::string& worker_program) {
  const bool one_file = line.settings.mount.view != kThumbnailsView.name;
  const auto plan = PlanConvert(line.paths, one_file);
  if (!plan.ok()) {
    return Complain(app, absl::IsNotFound(plan.status()) ? kExitLibrary : kExitUsage,
                    std::string(plan.status().message()));
  }
  const EndSignals signals;
  std::atomic<int> ended = 0;
  ConvertTotals totals;
  absl::Mutex mu;
  Converter* current = nullptr;  // guarded by mu
  const EndListener listener([&](int number) {
    ended = number;
    absl::MutexLock lock(&mu);
    if (current != nullptr) current->Stop();
  });
  const absl::Time start = absl::Now();
  int exit_code = kExitOk;
  for (const ConvertSource& source : plan->sources) {
    ConvertSettings settings = line.settings;
    // Whoever names a CBR wants no copy of it.
    if (!settings.mount.repack_given) settings.mount.repack = !source.files.empty();
    Converter converter(settings, &*plan, &totals);
    {
      absl::MutexLock lock(&mu);
      current = &converter;
    }
    if (ended == 0) exit_code = converter.Run(source, worker_program);
    {
      absl::MutexLock lock(&mu);
      current = nullptr;
    }
    if (exit_code != kExitOk || ended != 0) break;
  }
  Summary(totals, absl::ToDoubleSeconds(absl::Now() - start), line.settings.quiet);
  if (ended != 0) {
    fprintf(stderr, "cbzfs convert: stopped; run it again to go on\n");
    return kExitSignal + ended;
  }
  return exit_code == kExitOk && totals.failed > 0 ? kExitFailure : exit_code;
}

}  // namespace

int RunConvert(const Arguments& arguments, const std::string& worker_program) {
  CLI::App app(DescriptionText(), "cbzfs convert");
  ConvertLine line;
  Options& options = line.settings.mount;
  std::vector<std::string> lists;
  bool enhance = false;
  bool thumbnails = false;
  bool no_copy = false;
  uint32_t jobs = 0;
  app.add_option("PATHS", line.paths, "SRC... DEST")->required()->expected(2, INT_MAX);
  app.add_option("-o", lists, "how pages are made, as for a mount: dpi=, quality=, ...")
      ->allow_extra_args(false);
  auto* const enhance_flag = app.add_flag("--enhance", enhance, "enhanced pages, of CBZs too");
  app.add_flag("--thumbnails", thumbnails, "covers and thumbnails instead of CBZs")
      ->excludes(enhance_flag);
  app.add_flag("--tight", options.tight,
               "no padding, and every page at the asked quality: smaller files, other bytes than"
               " in a mount");
  app.add_flag("--no-copy", no_copy, "leave files out that are no PDFs, CBZs included");
  app.add_flag("--force", line.settings.force, "write also what is up to date");
  app.add_option("-j,--jobs", jobs, "pages that are made at once (one a processor core)")
      ->check(CLI::Range(1, 256));
  app.add_flag("-q,--quiet", line.settings.quiet, "say nothing but what fails");
  if (const auto end = Parse(&app, arguments)) return *end;
  // Whoever wants a page that says what is wrong in a file that is kept asks for it.
  options.on_error = OnError::kEio;
  options.log_level = "error";
  if (const auto end = TakeMountOptions(app, lists, &options)) return *end;
  options.views = AllViewNames();
  options.view = std::string(thumbnails ? kThumbnailsView.name
                             : enhance  ? kEnhancedView.name
                                        : kCbzView.name);
  options.source_times = true;
  options.watch = 0;
  if (jobs > 0) options.workers = jobs;
  line.settings.copy = !no_copy;
  StartLogging(LogTarget::kStderr, options.log_level);
  return ConvertAll(app, line, worker_program);
}

}  // namespace cbzfs
