// What the file says, once it is read. How it is read is in reader_config_parse.cc.

#include "fs/core/reader_config.h"

#include <fnmatch.h>
#include <xxhash.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "fs/core/reader_book.h"

namespace cbzfs {
namespace {

constexpr size_t kMostNameBytes = 64;

bool FitsName(const std::string& pattern, std::string_view path) {
  const bool by_path = pattern.find('/') != std::string::npos;
  const std::string text(by_path ? path : path.substr(path.rfind('/') + 1));
  return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

// The pattern is of the file, or of a folder that it is below.
bool FitsBelow(const std::string& pattern, std::string_view path) {
  for (size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1)) {
    if (FitsName(pattern, path.substr(0, end))) return true;
  }
  return FitsName(pattern, path);
}

}  // namespace

bool IsNameForView(std::string_view name) {
  if (name.empty() || name.size() > kMostNameBytes || FindViewName(name) != nullptr) return false;
  if (name.front() == '.' || name.front() == '_') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
}

const NamedView* ReaderConfig::Find(std::string_view name) const {
  const auto found = std::find_if(views_.begin(), views_.end(),
                                  [&](const NamedView& view) { return view.name == name; });
  return found == views_.end() ? nullptr : &*found;
}

bool ReaderConfig::Applies(const Rule& rule, std::string_view view) const {
  if (rule.views.empty()) return Find(view) != nullptr;
  return std::find(rule.views.begin(), rule.views.end(), view) != rule.views.end();
}

ReaderProfile ReaderConfig::ProfileFor(const NamedView& view, std::string_view path) const {
  ReaderProfile profile = view.profile;
  for (const Rule& rule : rules_) {
    if (rule.taken.empty() || !Applies(rule, view.name) || !FitsBelow(rule.pattern, path)) continue;
    for (const Take take : rule.taken) take(rule.values, &profile);
  }
  return profile;
}

bool ReaderConfig::Hides(std::string_view view, std::string_view path) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return rule.hidden && Applies(rule, view) && FitsBelow(rule.pattern, path);
  });
}

uint64_t ReaderConfig::HashFor(std::string_view view) const {
  uint64_t hash = 0;
  const NamedView* const named = Find(view);
  if (named != nullptr) hash = HashOf(named->profile);
  for (const Rule& rule : rules_) {
    if (!Applies(rule, view)) continue;
    hash = XXH3_64bits_withSeed(rule.pattern.data(), rule.pattern.size(),
                                hash + (rule.hidden ? 1 : 0));
    // Which settings a rule takes is told by what it makes of two profiles that share none.
    for (const ReaderProfile& base : {ReaderProfile(), ReaderProfile{.width = 1,
                                                       .height = 1,
                                                       .fit = ReaderProfile::Fit::kExact,
                                                       .enlarge = true,
                                                       .gray = true,
                                                       .levels = 3,
                                                       .crop = true,
                                                       .split = ReaderProfile::Split::kLeftFirst,
                                                       .format = PageFormat::kWebp,
                                                       .quality = 1,
                                                       .enhance = {.on = true,
                                                                  .curve = 0.123,
                                                                  .gamma = 1.23,
                                                                  .brightness = 1.23f,
                                                                  .contrast = 1.23f,
                                                                  .cutoff = 1.23}}}) {
      ReaderProfile made = base;
      for (const Take take : rule.taken) take(rule.values, &made);
      const std::string facts = FactsOf(made);
      hash = XXH3_64bits_withSeed(facts.data(), facts.size(), hash);
    }
  }
  return hash;
}

}  // namespace cbzfs
