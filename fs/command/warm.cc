// cbzfs warm: has the sizes and the first pages of what is in a mount at hand, before somebody
// looks.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "codecs/document/format_names.h"
#include "codecs/worker/unique_fd.h"
#include "fs/command/arguments.h"
#include "fs/command/crowd.h"
#include "fs/command/first_pages.h"
#include "fs/command/mounts.h"
#include "fs/command/progress.h"
#include "fs/command/text.h"
#include "fs/exit_codes.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

// One file of the mount, and how much of it is read.
struct WarmFile {
  std::string path;
  enum class How : uint8_t { kSize, kFirstPages, kAll } how = How::kSize;
};

struct WarmOptions {
  uint64_t pages = 1;
  bool all = false;
};

// What has failed so far goes to `failures`, a line each.
class Finder {
 public:
  Finder(const WarmOptions& options, std::vector<WarmFile>* files,
         std::vector<std::string>* failures)
      : options_(options), files_(files), failures_(failures) {}

  void Find(const stdfs::path& path) {
    std::error_code error;
    const stdfs::file_status status = stdfs::symlink_status(path, error);
    if (error) return Fail(path, error);
    if (stdfs::is_directory(status)) return FindIn(path);
    uint64_t images = 0;
    if (stdfs::is_regular_file(status)) Take(path, &images);
  }

 private:
  void Fail(const stdfs::path& path, const std::error_code& error) {
    failures_->push_back(absl::StrCat(path.string(), ": ", error.message()));
  }

  // In the order of the names: the first pages of a folder of pages are its first files.
  void FindIn(const stdfs::path& folder) {
    std::error_code error;
    std::vector<stdfs::directory_entry> entries;
    for (stdfs::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
      entries.push_back(*at);
    }
    if (error) return Fail(folder, error);
    std::sort(entries.begin(), entries.end());
    uint64_t images = 0;
    for (const stdfs::directory_entry& entry : entries) {
      std::error_code ignored;
      // By what the listing says: a stat here would wait for each book in turn.
      const bool link = entry.is_symlink(ignored);
      if (!link && entry.is_directory(ignored)) {
        FindIn(entry.path());
      } else if (!link) {
        Take(entry.path(), &images);
      }
    }
  }

  void Take(const stdfs::path& path, uint64_t* images) {
    const auto format = FormatOfName(path.filename().string());
    WarmFile file{.path = path.string()};
    if (!options_.all && format == SourceFormat::kArchive && options_.pages > 0) {
      file.how = WarmFile::How::kFirstPages;
    } else if (options_.all || (format == SourceFormat::kImage && (*images)++ < options_.pages)) {
      file.how = WarmFile::How::kAll;
    }
    files_->push_back(std::move(file));
  }

  const WarmOptions options_;
  std::vector<WarmFile>* const files_;
  std::vector<std::string>* const failures_;
};

absl::StatusOr<PagesRead> Warm(const WarmFile& file, const WarmOptions& options) {
  const UniqueFd fd(open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat st;
  if (!fd.valid() || fstat(fd.get(), &st) != 0) return absl::ErrnoToStatus(errno, "open");
  switch (file.how) {
    case WarmFile::How::kSize:
      return PagesRead{};
    case WarmFile::How::kFirstPages:
      return ReadFirstPages(fd.get(), static_cast<uint64_t>(st.st_size), options.pages);
    case WarmFile::How::kAll:
      return ReadWhole(fd.get());
  }
  return PagesRead{};
}

int WarmAll(const std::vector<WarmFile>& files, const WarmOptions& options, size_t jobs, bool quiet,
            const std::vector<std::string>& failures) {
  std::atomic<uint64_t> done = 0, pages = 0, bytes = 0, failed = failures.size();
  const absl::Time start = absl::Now();
  {
    Progress progress("files", quiet, [&] {
      return ProgressCounts{.done = done,
                            .total = files.size(),
                            .share = files.empty() ? 1
                                                   : static_cast<double>(done.load()) /
                                                         static_cast<double>(files.size()),
                            .pages = pages,
                            .bytes = bytes};
    });
    for (const std::string& failure : failures) progress.Warn("cbzfs warm: " + failure);
    const std::atomic<bool> never = false;
    ForEachOfMany(files.size(), jobs, never, [&](size_t i) {
      progress.Current(stdfs::path(files[i].path).filename().string());
      const absl::StatusOr<PagesRead> read = Warm(files[i], options);
      ++done;
      if (!read.ok()) {
        ++failed;
        progress.Warn(absl::StrCat("cbzfs warm: ", files[i].path, ": ", read.status().message()));
        return;
      }
      pages += read->pages;
      bytes += read->bytes;
      progress.Line(absl::StrCat(files[i].path, ": ",
                                 read->pages == 0 ? "size" : CountText(read->pages, "page")));
    });
  }
  if (!quiet) {
    printf("%s, %s, %s in %s\n", CountText(done, "file").c_str(), CountText(pages, "page").c_str(),
           BytesText(bytes).c_str(),
           DurationText(absl::ToDoubleSeconds(absl::Now() - start)).c_str());
  }
  return failed > 0 ? kExitFailure : kExitOk;
}

}  // namespace

int RunWarm(const Arguments& arguments) {
  CLI::App app(
      "Reads in a mount what somebody will look at first: the size of every file, and the first\n"
      "pages of every CBZ and of every folder of pages. They are then in the memory of the mount,\n"
      "as far as its cache reaches.",
      "cbzfs warm");
  std::vector<std::string> paths;
  WarmOptions options;
  size_t jobs = static_cast<size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  bool quiet = false;
  app.add_option("PATH", paths, "files and folders in a mount of cbzfs")->required();
  app.add_option("-n,--pages", options.pages, "how many pages of each book; 0: sizes alone (1)");
  app.add_flag("--all", options.all, "all of every file");
  app.add_option("-j,--jobs", jobs, "files that are read at once (one a processor core)")
      ->check(CLI::Range(1, 256));
  app.add_flag("-q,--quiet", quiet, "say nothing but what fails");
  if (const auto end = Parse(&app, arguments)) return *end;
  std::vector<WarmFile> files;
  std::vector<std::string> failures;
  Finder finder(options, &files, &failures);
  for (const std::string& path : paths) {
    if (!FindMountAbove(path).has_value()) {
      return Complain(app, kExitMountpoint,
                      absl::StrCat(path, " is in no mount of cbzfs; give a path in one"));
    }
    finder.Find(path);
  }
  return WarmAll(files, options, jobs, quiet, failures);
}

}  // namespace cbzfs
