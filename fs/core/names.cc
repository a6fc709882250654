#include "fs/core/names.h"

#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"

namespace cbzfs {
namespace {

constexpr std::string_view kPdf = ".pdf";

// `base` + `ending`, `base` cut so that the whole has at most NAME_MAX bytes; a cut never leaves
// half a UTF-8 character behind.
std::string Fit(std::string_view base, std::string_view ending) {
  if (base.size() + ending.size() > NAME_MAX) {
    size_t keep = NAME_MAX - ending.size();
    while (keep > 1 && (static_cast<unsigned char>(base[keep]) & 0xC0) == 0x80) --keep;
    base = base.substr(0, keep);
  }
  std::string name(base);
  return name.append(ending);
}

}  // namespace

bool HasPdfExtension(std::string_view name) {
  if (name.size() <= kPdf.size()) return false;
  return std::equal(kPdf.begin(), kPdf.end(), name.end() - kPdf.size(),
                    [](char want, char c) { return want == absl::ascii_tolower(c); });
}

bool IsHidden(std::string_view name) { return !name.empty() && (name[0] == '.' || name[0] == '_'); }

std::string_view StemOf(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

NameMap::NameMap(std::vector<SourceName> names, std::string_view extension, bool show_hidden) {
  std::sort(names.begin(), names.end(),
            [](const SourceName& a, const SourceName& b) { return a.name < b.name; });
  absl::flat_hash_set<std::string> taken;
  for (const SourceName& name : names) taken.insert(name.name);

  entries_.reserve(names.size());
  std::vector<size_t> comics;
  for (SourceName& name : names) {
    if (!show_hidden && IsHidden(name.name)) continue;
    if (name.type != S_IFDIR && HasPdfExtension(name.name)) comics.push_back(entries_.size());
    entries_.push_back({std::move(name), {}});
  }

  std::stable_sort(comics.begin(), comics.end(), [&](size_t a, size_t b) {
    return entries_[a].source.name.ends_with(kPdf) > entries_[b].source.name.ends_with(kPdf);
  });
  // Plain names first, for all: the full name of one comic must not take the plain one of another.
  for (size_t i : comics) {
    std::string plain = Fit(StemOf(entries_[i].source.name), extension);
    if (taken.insert(plain).second) entries_[i].comic_name = std::move(plain);
  }
  for (size_t i : comics) {
    const std::string& name = entries_[i].source.name;
    for (int n = 1; entries_[i].comic_name.empty(); ++n) {
      std::string ending = n == 1 ? "" : "~" + std::to_string(n);
      std::string full = Fit(name, ending.append(extension));
      if (taken.insert(full).second) entries_[i].comic_name = std::move(full);
    }
  }

  for (size_t i = 0; i < entries_.size(); ++i) {
    by_source_.emplace(entries_[i].source.name, i);
    if (!entries_[i].comic_name.empty()) by_comic_.emplace(entries_[i].comic_name, i);
  }
}

const NameMap::Entry* NameMap::FindSource(std::string_view name) const {
  auto it = by_source_.find(name);
  return it == by_source_.end() ? nullptr : &entries_[it->second];
}

const NameMap::Entry* NameMap::FindComic(std::string_view name) const {
  auto it = by_comic_.find(name);
  return it == by_comic_.end() ? nullptr : &entries_[it->second];
}

}  // namespace cbzfs
