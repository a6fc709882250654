#include "fs/core/folder_contents.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codecs/document/format_names.h"
#include "codecs/document/reading_order.h"
#include "codecs/document/utf8.h"
#include "codecs/zip/entry_names.h"

namespace cbzfs {
namespace {

// What Komga, Kavita, calibre, Jellyfin, Kodi and Windows put beside books and films, or look for.
constexpr std::string_view kCoverNames[] = {
    "back",      "backdrop", "background", "banner", "clearart",  "clearlogo", "cover",
    "default",   "fanart",   "folder",     "front",  "landscape", "logo",      "poster",
    "series",    "thumb",    "thumbnail",
};

constexpr std::string_view kInfoName = "ComicInfo.xml";

bool IsInfoName(const std::string& name) {
  return absl::EqualsIgnoreCase(name, absl::string_view(kInfoName.data(), kInfoName.size()));
}

std::string CleanName(std::string_view name) {
  std::string clean;
  clean.reserve(name.size());
  while (!name.empty()) {
    const Utf8Char c = DecodeUtf8(name);
    const bool control = c.code < 0x20 || (c.code >= 0x7F && c.code < 0xA0);
    if (c.bytes == 0 || control || c.code == '/' || c.code == '\\') {
      clean += '_';
    } else {
      clean += name.substr(0, c.bytes);
    }
    name.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return clean;
}

}  // namespace

bool IsCoverName(std::string_view name) {
  const std::string stem = absl::AsciiStrToLower(std::string(StemOf(name)));
  return std::find(std::begin(kCoverNames), std::end(kCoverNames), stem) != std::end(kCoverNames);
}

FolderContents ContentsOf(std::vector<SourceName> names, bool show_hidden) {
  FolderContents contents;
  bool pages = false;
  for (SourceName& name : names) {
    if ((!show_hidden && IsHidden(name.name)) || S_ISDIR(name.type)) continue;
    if (IsInfoName(name.name)) {
      // The one that is written as everybody writes it, else the first by its bytes.
      const auto rank = [](const SourceName& n) { return std::pair(n.name != kInfoName, n.name); };
      if (contents.info.name.empty() || rank(name) < rank(contents.info)) {
        contents.info = std::move(name);
      }
      continue;
    }
    const auto format = FormatOfName(name.name);
    if (!format.has_value()) continue;
    if (*format != SourceFormat::kImage) return {};
    pages = pages || !IsCoverName(name.name);
    contents.images.push_back(std::move(name));
  }
  if (!pages) return {};
  std::sort(contents.images.begin(), contents.images.end(),
            [](const SourceName& a, const SourceName& b) { return ReadBefore(a.name, b.name); });
  return contents;
}

std::vector<std::string> EntryNamesOf(const std::vector<std::string_view>& names) {
  std::vector<std::string> entries;
  entries.reserve(names.size());
  absl::flat_hash_set<std::string> taken;
  // Those that keep their names come first: none of them is to change for one that does not.
  for (const std::string_view name : names) {
    entries.push_back(CleanName(name));
    if (entries.back() == name) taken.insert(entries.back());
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (entries[i] == names[i]) continue;
    const std::string clean = entries[i];
    const std::string_view stem = StemOf(clean);
    for (int n = 2; !taken.insert(entries[i]).second; ++n) {
      const std::string end = absl::StrCat("~", n, clean.substr(stem.size()));
      entries[i] = std::string(CutText(stem, EntryNames::kMaxBytes - end.size())).append(end);
    }
  }
  return entries;
}

}  // namespace cbzfs
