// cbzfs inspect: how each page of a comic is made, and why.

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "fs/command/arguments.h"
#include "fs/command/inspection.h"
#include "fs/exit_codes.h"
#include "fs/logging.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

int Inspect(const CLI::App& app, const std::string& typed, const Options& options, bool draw,
            bool json, const std::string& worker_program) {
  std::error_code error;
  const stdfs::path path = stdfs::canonical(typed, error);
  if (error || !stdfs::is_regular_file(path, error)) {
    return Complain(app, kExitLibrary,
                    absl::StrCat("cannot read ", typed, ": ",
                                 error ? error.message() : std::string("it is no file")));
  }
  auto filesystem = Filesystem::Create(path.parent_path().string(), options, worker_program);
  absl::Status status = filesystem.status();
  if (status.ok()) status = (*filesystem)->WaitUntilReady();
  if (!status.ok()) {
    return Complain(app, ExitCodeOfCreate(status), std::string(status.message()));
  }
  const bool enhanced = options.view == kEnhancedView.name;
  const auto comic = InspectComic(**filesystem, path.filename().string(), enhanced, draw);
  if (!comic.ok()) {
    return Complain(app, kExitFailure, absl::StrCat(typed, ": ", comic.status().message()));
  }
  if (json) {
    puts(InspectionJson(*comic).dump(2).c_str());
  } else {
    for (const std::string& line : InspectionLines(*comic)) puts(line.c_str());
  }
  for (const InspectedPage& page : comic->pages) {
    if (!page.failure.empty()) return kExitFailure;
  }
  return kExitOk;
}

}  // namespace

int RunInspect(const Arguments& arguments, const std::string& worker_program) {
  CLI::App app(
      "Says of each page of FILE, a PDF or an archive, how a mount makes it: handed out as it is, "
      "or\n"
      "drawn, and why; how large it is, and what quality was kept in the room there is.",
      "cbzfs inspect");
  std::string path;
  std::vector<std::string> lists;
  bool enhance = false;
  bool no_draw = false;
  bool json = false;
  Options options;
  app.add_option("FILE", path, "a PDF, a CBZ, CBR, CB7, CBT or, with --enhance, an image")
      ->required();
  app.add_option("-o", lists, "how pages are made, as for a mount: dpi=, quality=, ...")
      ->allow_extra_args(false);
  app.add_flag("--enhance", enhance, "the pages of the enhanced view");
  app.add_flag("--no-draw", no_draw, "draw nothing: quick, and says nothing of quality");
  app.add_flag("--json", json, "as JSON");
  if (const auto end = Parse(&app, arguments)) return *end;
  options.on_error = OnError::kEio;
  options.log_level = "error";
  // An index of an older program may not know why a page is drawn.
  options.index = "none";
  if (const auto end = TakeMountOptions(app, lists, &options)) return *end;
  options.views = AllViewNames();
  options.view = std::string(enhance ? kEnhancedView.name : kCbzView.name);
  options.source_times = true;
  options.watch = 0;
  StartLogging(LogTarget::kStderr, options.log_level);
  return Inspect(app, path, options, !no_draw, json, worker_program);
}

}  // namespace cbzfs
