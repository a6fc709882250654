#include "codecs/zip/archive_names.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "codecs/zip/entry_names.h"

namespace cbzfs {
namespace {

constexpr size_t kLongestExtension = 5;  // without its dot

// Where the last part of a path begins.
size_t LastPart(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? 0 : slash + 1;
}

std::string_view WithoutExtension(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot <= LastPart(name)) return name;
  const std::string_view letters = name.substr(dot + 1);
  if (letters.empty() || letters.size() > kLongestExtension || !absl::ascii_isalpha(letters[0]) ||
      !std::all_of(letters.begin(), letters.end(), absl::ascii_isalnum)) {
    return name;
  }
  return name.substr(0, dot);
}

class Namer {
 public:
  Namer(const Document& document, std::string_view extension) : extension_(extension) {
    const std::string in_folder = std::string(extension) + "/";
    for (const ArchiveEntry& entry : document.entries) {
      // Only a folder of such a name can stand in the way of a new name.
      if (entry.name.find(in_folder) != std::string::npos) in_folders_.push_back(entry.name);
    }
    std::sort(in_folders_.begin(), in_folders_.end());
  }

  void Keep(std::string_view name) { taken_.emplace(name); }

  std::string Choose(std::string_view name, size_t page) {
    for (size_t attempt = 0;; ++attempt) {
      std::string chosen = Attempt(name, page, attempt);
      if (!IsFree(chosen)) continue;
      taken_.insert(chosen);
      return chosen;
    }
  }

 private:
  // From the third on no two pages have an attempt in common, so each name there is makes at most
  // one attempt fail: all of them together are linear.
  std::string Attempt(std::string_view name, size_t page, size_t attempt) const {
    const std::string_view stem = WithoutExtension(name);
    if (attempt < 2) return std::string(attempt == 0 ? stem : name).append(extension_);
    std::string end = absl::StrCat("~", page + 1);
    if (attempt > 2) absl::StrAppend(&end, "-", attempt - 1);
    end += extension_;
    return std::string(CutText(stem, LastPart(stem) + EntryNames::kMaxBytes - end.size())) + end;
  }

  bool IsFree(const std::string& name) const {
    if (name.size() - LastPart(name) > EntryNames::kMaxBytes || taken_.contains(name)) return false;
    const std::string folder = name + "/";
    const auto inside = std::lower_bound(in_folders_.begin(), in_folders_.end(), folder);
    return inside == in_folders_.end() || !inside->starts_with(folder);
  }

  const std::string_view extension_;
  absl::flat_hash_set<std::string> taken_;
  // Sorted; names of entries in a folder that is called as a page may be.
  std::vector<std::string_view> in_folders_;
};

}  // namespace

std::vector<std::string> ArchivePageNames(const Document& document, PageFormat format) {
  const std::string_view extension = ExtensionOf(format);
  Namer namer(document, extension);
  std::vector<std::string> names(document.pages.size());
  const auto keeps = [&](size_t page) {
    return document.pages[page].kind != PageKind::kDrawn ||
           document.entries[page].name.ends_with(extension);
  };
  for (size_t page = 0; page < names.size(); ++page) {
    if (!keeps(page)) continue;
    names[page] = document.entries[page].name;
    namer.Keep(names[page]);
  }
  for (size_t page = 0; page < names.size(); ++page) {
    if (!keeps(page)) names[page] = namer.Choose(document.entries[page].name, page);
  }
  return names;
}

}  // namespace cbzfs
