// What names become: of entries of archives, of library folders in each view, of pages.

#include <strings.h>
#include <sys/stat.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "codecs/archive/entry_names.h"
#include "codecs/archive/legacy_charsets.h"
#include "codecs/document/document_codec.h"
#include "codecs/document/format_names.h"
#include "codecs/document/utf8.h"
#include "codecs/zip/archive_names.h"
#include "codecs/zip/entry_names.h"
#include "fs/core/names.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs {
namespace {

// Each with its length before it, cut where a file system would not have it.
std::vector<std::string> TakeNames(fuzz::Input& input) {
  std::vector<std::string> names;
  while (input.left() > 0 && names.size() < 64) {
    std::string name = input.Text();
    // Long names are worth more than the bytes of an input allow.
    if (input.Take<uint8_t>() % 8 == 7) name.insert(0, 240, 'x');
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<ArchiveEntry> EntriesOf(const std::vector<std::string>& names) {
  std::vector<ArchiveEntry> entries;
  for (const std::string& name : names) entries.push_back({.name = name});
  return entries;
}

// What no file on any system may be called; see entry_names.h.
bool IsSafe(std::string_view component) {
  if (component.empty() || component.ends_with('.') || component.ends_with(' ')) return false;
  if (component.find_first_of("\\:*?\"<>|") != std::string_view::npos) return false;
  const std::string stem(component.substr(0, component.find('.')));
  for (const char* const device : {"con", "prn", "aux", "nul", "com1", "com9", "lpt1", "lpt9"}) {
    if (strcasecmp(stem.c_str(), device) == 0) return false;
  }
  return true;
}

void CheckSafe(std::string_view path) {
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    FUZZ_CHECK(IsSafe(path.substr(start, end - start)));
    start = end + 1;
  }
}

void CheckArchiveNames(fuzz::Input& input) {
  static const std::unique_ptr<const LegacyCharsets> charsets = *LegacyCharsets::Load();
  const bool from_dos = input.Flag();
  std::vector<std::string> paths;
  for (const std::string& name : TakeNames(input)) {
    const std::string text = IsValidUtf8(name) ? name : charsets->Cp437ToUtf8(name);
    FUZZ_CHECK(IsValidUtf8(text));
    paths.push_back(SafePath(text, from_dos));
    FUZZ_CHECK(SafePath(paths.back(), from_dos) == paths.back());
    CheckSafe(paths.back());
  }
  FlattenPaths(&paths);
  MakePathsUnique(&paths);
  Document document;
  document.entries = EntriesOf(paths);
  FUZZ_CHECK(CheckEntryNames(document.entries).ok());
  for (const std::string& path : paths) {
    CheckSafe(path);
    FUZZ_CHECK(path.size() <= kMaxFolderBytes + 1 + kMaxComponentBytes);
    document.pages.push_back({.kind = HasImageExtension(path) ? PageKind::kDrawn : PageKind::kRaw});
  }
  const std::vector<std::string> pages = ArchivePageNames(document);
  FUZZ_CHECK(pages.size() == paths.size() && CheckEntryNames(EntriesOf(pages)).ok());
  for (size_t i = 0; i < pages.size(); ++i) {
    FUZZ_CHECK(document.pages[i].kind == PageKind::kRaw ? pages[i] == paths[i]
                                                        : pages[i].ends_with(".jpg"));
  }
}

// What the views wish for; see fs/core/view.cc.
std::vector<Wish> WishesOf(uint8_t view, SourceFormat format) {
  const bool book = format != SourceFormat::kImage;
  std::vector<Wish> wishes;
  if (view == 0 && format == SourceFormat::kPdf) return {{Shape::kBook, ".cbz"}};
  if (view == 1 && !book) return {{Shape::kPicture, ".jpg"}};
  if (view == 1) return {{Shape::kBook, ".cbz", format == SourceFormat::kArchive}};
  if (view == 2) wishes.push_back({Shape::kPicture, ".jpg"});
  if (view >= 2 && book) wishes.push_back({Shape::kFolder, ""});
  return wishes;
}

void CheckFolder(fuzz::Input& input) {
  const uint8_t view = input.Take<uint8_t>() % 4;
  const bool hidden = input.Flag();
  std::set<std::string> real;
  std::vector<SourceName> names;
  for (std::string& name : TakeNames(input)) {
    std::erase(name, '/');
    std::erase(name, '\0');
    if (name.size() > 255) name.resize(255);
    if (name.empty() || name == "." || name == ".." || !real.insert(name).second) continue;
    names.push_back({name, static_cast<mode_t>(name.size() % 5 == 0 ? S_IFDIR : S_IFREG)});
  }
  const NameMap map(
      names, [view](SourceFormat format) { return WishesOf(view, format); }, hidden);
  std::set<std::string> shown;
  for (const NameMap::Entry& entry : map.entries()) {
    const std::string& own = entry.source.name;
    FUZZ_CHECK(hidden || !IsHidden(own));
    FUZZ_CHECK(map.FindSource(own) == &entry);
    std::set<std::string> of_this;
    for (const NameMap::Shown& one : entry.shown) {
      FUZZ_CHECK(!one.name.empty() && one.name.size() <= 255);
      FUZZ_CHECK(one.name.find('/') == std::string::npos);
      FUZZ_CHECK(one.name == own || real.count(one.name) == 0);
      FUZZ_CHECK(shown.insert(one.name).second);
      const auto match = map.FindShown(one.name);
      FUZZ_CHECK(match.has_value() && match->entry == &entry && match->shown == &one);
    }
  }
}

void CheckPageNames(fuzz::Input& input) {
  const uint32_t pages = 1 + input.Take<uint32_t>() % kMaxPages;
  const uint32_t page = input.Take<uint32_t>() % pages;
  const size_t limit = input.Take<uint8_t>();
  const std::string stem = input.RestText();
  const std::string_view cut = CutText(stem, limit);
  FUZZ_CHECK(cut.size() <= limit && std::string_view(stem).starts_with(cut));
  if (IsValidUtf8(stem)) FUZZ_CHECK(IsValidUtf8(cut));
  for (const PageNames style : {PageNames::kNumber, PageNames::kSeed}) {
    const EntryNames names(style, stem, pages);
    const std::string name = names.Name(page);
    FUZZ_CHECK(name.size() == names.Bytes(page) && name.size() <= EntryNames::kMaxBytes);
    FUZZ_CHECK(name.find('/') == std::string::npos && name.find('\0') == std::string::npos);
    FUZZ_CHECK(names.BytesBefore(page) + names.Bytes(page) == names.BytesBefore(page + 1));
  }
  FUZZ_CHECK(StemOf(stem).size() <= stem.size() && StemOfPath(stem).size() <= stem.size());
  FormatOfName(stem);
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cbzfs::fuzz::Input input(data, size);
  switch (input.Take<uint8_t>() % 3) {
    case 0:
      cbzfs::CheckArchiveNames(input);
      break;
    case 1:
      cbzfs::CheckFolder(input);
      break;
    default:
      cbzfs::CheckPageNames(input);
  }
  return 0;
}
