#include "fs/core/names.h"

#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "codecs/document/format_names.h"

namespace cbzfs {
namespace {

constexpr std::array<std::string_view, 2> kFolderSidecars = {"ComicInfo.xml", "metadata.opf"};

// Who comes first where several want one name.
int RankOf(SourceFormat format) {
  switch (format) {
    case SourceFormat::kArchive:
    case SourceFormat::kMisnamed:
      return 0;
    case SourceFormat::kPacked:
      return 1;
    case SourceFormat::kPdf:
      return 2;
    case SourceFormat::kXps:
      return 3;
    case SourceFormat::kEpub:
      return 4;
    case SourceFormat::kImage:
    case SourceFormat::kNotice:
      return 5;
    case SourceFormat::kFolder:
      break;
  }
  return 6;
}

bool HasLowerCaseExtension(std::string_view name) {
  const std::string_view extension = name.substr(StemOf(name).size());
  return std::none_of(extension.begin(), extension.end(),
                      [](unsigned char c) { return absl::ascii_isupper(c); });
}

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

bool IsHidden(std::string_view name) { return !name.empty() && (name[0] == '.' || name[0] == '_'); }

std::string_view StemOf(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string_view StemOfPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  return StemOf(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string_view RootOfName(std::string_view name) {
  // Fit() never cuts a name shorter than this: endings are short.
  constexpr size_t kNeverCut = 200;
  return name.substr(0, std::min(name.find_first_of(".~", 1), kNeverCut));
}

NameMap::NameMap(std::vector<SourceName> names, const Wishes& wishes, bool show_hidden,
                 std::optional<Wish> for_folders) {
  std::sort(names.begin(), names.end(),
            [](const SourceName& a, const SourceName& b) { return a.name < b.name; });
  entries_.reserve(names.size());
  for (const SourceName& name : names) {
    if (!show_hidden && IsHidden(name.name)) continue;
    entries_.push_back({.source = name});
  }
  NameCandidates(wishes, names, for_folders);
  for (size_t i = 0; i < entries_.size(); ++i) {
    by_source_.emplace(entries_[i].source.name, i);
    if (entries_[i].book.has_value()) by_book_.emplace(entries_[i].book->name, i);
    for (const Shown& shown : entries_[i].shown) {
      by_shown_.emplace(shown.name, Match{&entries_[i], &shown});
    }
  }
  FindSidecars();
}

void NameMap::FindSidecars() {
  const auto has_info = [](const Entry& entry) {
    return entry.candidate() && HasDrawnPages(entry.format);
  };
  const bool alone = std::count_if(entries_.begin(), entries_.end(), has_info) == 1;
  for (Entry& entry : entries_) {
    if (!has_info(entry)) continue;
    std::string stem(StemOf(entry.source.name));
    std::vector<std::string> names = {stem + ".xml", stem + ".opf"};
    if (alone) names.insert(names.end(), kFolderSidecars.begin(), kFolderSidecars.end());
    for (std::string& name : names) {
      const Entry* const there = FindSource(name);
      if (there == nullptr || there->source.type == S_IFDIR) continue;
      entry.sidecar = std::move(name);
      break;
    }
  }
}

bool IsRootOfFolderSidecar(std::string_view root) {
  return std::any_of(kFolderSidecars.begin(), kFolderSidecars.end(),
                     [root](std::string_view name) { return RootOfName(name) == root; });
}

void NameMap::NameCandidates(const Wishes& wishes, const std::vector<SourceName>& all,
                             const std::optional<Wish>& for_folders) {
  struct Candidate {
    Entry* entry;
    std::vector<Wish> wishes;
  };
  std::vector<Candidate> candidates;
  for (Entry& entry : entries_) {
    const auto format = FormatOfName(entry.source.name);
    if (!format.has_value() || entry.source.type == S_IFDIR) continue;
    std::vector<Wish> wished = wishes(*format);
    if (wished.empty()) continue;
    entry.format = *format;
    entry.shown.resize(wished.size());
    candidates.push_back({&entry, std::move(wished)});
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    const auto key = [](const Candidate& c) {
      return std::pair(RankOf(c.entry->format), !HasLowerCaseExtension(c.entry->source.name));
    };
    return key(a) < key(b);
  });

  absl::flat_hash_set<std::string> taken;
  for (const SourceName& name : all) taken.insert(name.name);
  // Whoever gets the name that its own file has gets it from nobody.
  const auto take = [&](const Entry& entry, const std::string& name) {
    return name == entry.source.name || taken.insert(name).second;
  };
  // Plain names first, for all: the full name of one comic must not take the plain one of another.
  for (Candidate& candidate : candidates) {
    Entry& entry = *candidate.entry;
    for (size_t i = 0; i < candidate.wishes.size(); ++i) {
      const Wish& wish = candidate.wishes[i];
      entry.shown[i].shape = wish.shape;
      std::string plain =
          wish.own_name ? entry.source.name : Fit(StemOf(entry.source.name), wish.ending);
      if (take(entry, plain)) entry.shown[i].name = std::move(plain);
    }
  }
  for (Candidate& candidate : candidates) {
    Entry& entry = *candidate.entry;
    for (size_t i = 0; i < candidate.wishes.size(); ++i) {
      for (int n = 1; entry.shown[i].name.empty(); ++n) {
        std::string ending = n == 1 ? "" : "~" + std::to_string(n);
        std::string full = Fit(entry.source.name, ending.append(candidate.wishes[i].ending));
        if (take(entry, full)) entry.shown[i].name = std::move(full);
      }
    }
  }
  if (!for_folders.has_value()) return;
  for (Entry& entry : entries_) {
    if (entry.source.type != S_IFDIR) continue;
    entry.book = Shown{.shape = for_folders->shape, .name = ""};
    for (int n = 1; entry.book->name.empty(); ++n) {
      std::string ending = n == 1 ? "" : "~" + std::to_string(n);
      std::string full = Fit(entry.source.name, ending.append(for_folders->ending));
      if (taken.insert(full).second) entry.book->name = std::move(full);
    }
  }
}

const NameMap::Entry* NameMap::FindSource(std::string_view name) const {
  auto it = by_source_.find(name);
  return it == by_source_.end() ? nullptr : &entries_[it->second];
}

const NameMap::Entry* NameMap::FindFolderBook(std::string_view name) const {
  auto it = by_book_.find(name);
  return it == by_book_.end() ? nullptr : &entries_[it->second];
}

std::optional<NameMap::Match> NameMap::FindShown(std::string_view name) const {
  auto it = by_shown_.find(name);
  if (it == by_shown_.end()) return std::nullopt;
  return it->second;
}

}  // namespace cbzfs
