#include "fs/command/convert_plan.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;
using Id = std::pair<dev_t, ino_t>;

bool Contains(const std::vector<Id>& ids, const Id& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// As typed, made absolute, with the links of what exists resolved.
stdfs::path Resolve(const std::string& typed) {
  std::error_code error;
  const stdfs::path absolute = stdfs::absolute(typed, error);
  stdfs::path path = stdfs::weakly_canonical(absolute, error);
  if (error) path = absolute.lexically_normal();
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
  return path;
}

bool EndsAsCbz(const std::string& typed) {
  return absl::EndsWith(absl::AsciiStrToLower(typed), ".cbz");
}

// As rsync has it: the contents, not the folder.
bool NamesContents(const std::string& typed) {
  const std::string last = stdfs::path(typed).filename().string();
  return last.empty() || last == "." || last == "..";
}

ConvertSource* FindFolder(const std::string& library, const std::string& target,
                          std::vector<ConvertSource>* sources) {
  for (ConvertSource& source : *sources) {
    if (source.library == library && source.target == target && !source.files.empty()) {
      return &source;
    }
  }
  sources->push_back({.library = library, .files = {}, .target = target, .target_name = ""});
  return &sources->back();
}

absl::Status AddFile(const std::string& typed, const stdfs::path& dest, bool dest_is_name,
                     ConvertPlan* plan) {
  // The name as typed, which may be a link: names follow from it.
  const stdfs::path typed_path(typed);
  const stdfs::path folder =
      Resolve(typed_path.has_parent_path() ? typed_path.parent_path().string() : ".");
  const std::string name = typed_path.filename().string();
  const std::string target = dest_is_name ? dest.parent_path().string() : dest.string();
  std::error_code error;
  if (!dest_is_name && stdfs::equivalent(folder, target, error)) {
    return absl::InvalidArgumentError(absl::StrCat(
        typed, " is in ", target, " itself; say what the file shall be called:\n  cbzfs convert ",
        typed, " ", (folder / typed_path.stem()).string(), ".cbz"));
  }
  ConvertSource* const source = FindFolder(folder.string(), target, &plan->sources);
  source->files.push_back(name);
  if (dest_is_name) source->target_name = dest.filename().string();
  return absl::OkStatus();
}

absl::Status AddFolder(const std::string& typed, const stdfs::path& dest, ConvertPlan* plan) {
  const stdfs::path library = Resolve(typed);
  const stdfs::path target =
      NamesContents(typed) || !library.has_filename() ? dest : dest / stdfs::path(typed).filename();
  plan->sources.push_back(
      {.library = library.string(), .files = {}, .target = target.string(), .target_name = ""});
  return absl::OkStatus();
}

}  // namespace

bool ConvertPlan::IsInSource(const std::string& folder) const {
  for (stdfs::path at = folder;; at = at.parent_path()) {
    struct stat st;
    if (stat(at.c_str(), &st) == 0 && Contains(source_folders, {st.st_dev, st.st_ino})) return true;
    if (at == at.parent_path()) return false;
  }
}

bool ConvertPlan::IsSourceFile(const std::string& path) const {
  struct stat st;
  return lstat(path.c_str(), &st) == 0 && Contains(source_files, {st.st_dev, st.st_ino});
}

absl::StatusOr<ConvertPlan> PlanConvert(const std::vector<std::string>& paths, bool one_file) {
  const std::string& typed_dest = paths.back();
  const std::vector<std::string> typed(paths.begin(), paths.end() - 1);
  ConvertPlan plan;
  std::error_code error;
  const stdfs::path dest = Resolve(typed_dest);
  const bool dest_is_name = EndsAsCbz(typed_dest) && !stdfs::is_directory(dest, error);
  if (!dest_is_name && stdfs::exists(dest, error) && !stdfs::is_directory(dest, error)) {
    return absl::InvalidArgumentError(absl::StrCat("DEST ", typed_dest, " is not a folder"));
  }
  for (const std::string& path : typed) {
    struct stat st;
    if (path.empty() || stat(path.c_str(), &st) != 0) {
      return absl::NotFoundError(
          absl::StrCat("cannot read ", path, ": ", std::generic_category().message(errno)));
    }
    const bool folder = S_ISDIR(st.st_mode);
    if (!folder && !S_ISREG(st.st_mode)) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is neither a file nor a folder"));
    }
    if (dest_is_name && (folder || typed.size() > 1 || !one_file)) {
      return absl::InvalidArgumentError(
          absl::StrCat("DEST ", typed_dest, " is no folder; only one comic can become one CBZ"));
    }
    (folder ? plan.source_folders : plan.source_files).push_back({st.st_dev, st.st_ino});
    const absl::Status added =
        folder ? AddFolder(path, dest, &plan) : AddFile(path, dest, dest_is_name, &plan);
    if (!added.ok()) return added;
  }
  for (const ConvertSource& source : plan.sources) {
    if (!plan.IsInSource(source.target)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(source.target,
                     " is in a folder that is converted, to which nothing is"
                     " written; use a DEST elsewhere"));
  }
  return plan;
}

}  // namespace cbzfs
