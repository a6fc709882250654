#include "codecs/archive/entry_names.h"

#include <algorithm>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

// A longer one is no extension but a part of the name with a dot in it.
constexpr size_t kMaxExtensionBytes = 16;

constexpr std::string_view kForbidden = ":*?\"<>|\\/";

// Cut to `size` bytes, or to fewer so as not to cut a character.
std::string_view CutText(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<uint8_t>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

// Where the extension with its dot begins; the end when there is none.
size_t ExtensionAt(std::string_view component) {
  const size_t dot = component.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || component.size() - dot > kMaxExtensionBytes) {
    return component.size();
  }
  return dot;
}

// The component with `mark` before its extension, cut to `size` bytes.
std::string Fit(std::string_view component, std::string_view mark, size_t size) {
  const size_t dot = ExtensionAt(component);
  const std::string_view extension = component.substr(dot);
  std::string_view stem = component.substr(0, dot);
  if (stem.size() + mark.size() + extension.size() > size) {
    stem = CutText(stem, size - mark.size() - extension.size());
  }
  std::string fitted(stem);
  fitted.append(mark).append(extension);
  // Only where there is no extension, a cut may leave a dot or space at the end.
  while (fitted.back() == '.' || fitted.back() == ' ') fitted.back() = '_';
  return fitted;
}

std::string ReplaceForbidden(std::string_view component) {
  std::string safe;
  while (!component.empty()) {
    const Utf8Char c = DecodeUtf8(component);
    const bool control = c.code < 0x20 || (c.code >= 0x7F && c.code < 0xA0);
    const bool forbidden =
        c.bytes == 0 || control ||
        (c.code < 0x80 && kForbidden.find(static_cast<char>(c.code)) != std::string_view::npos);
    // c.bytes is 0 only where the caller gave no UTF-8.
    const size_t bytes = std::max<size_t>(c.bytes, 1);
    safe.append(forbidden ? std::string_view("_") : component.substr(0, bytes));
    component.remove_prefix(bytes);
  }
  return safe;
}

// Windows looks at what stands before the first dot, without spaces at its end, in any case.
bool IsDeviceName(std::string_view component) {
  std::string stem(component.substr(0, component.find('.')));
  stem.erase(stem.find_last_not_of(' ') + 1);
  absl::AsciiStrToUpper(&stem);
  for (const std::string_view name : {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}) {
    if (stem == name) return true;
  }
  if (!stem.starts_with("COM") && !stem.starts_with("LPT")) return false;
  const std::string_view number = std::string_view(stem).substr(3);
  // The superscript digits of Latin-1 count as digits there.
  for (const std::string_view digit : {"\u00B9", "\u00B2", "\u00B3"}) {
    if (number == digit) return true;
  }
  return number.size() == 1 && number[0] >= '1' && number[0] <= '9';
}

std::string SafeComponent(std::string_view component) {
  std::string safe = ReplaceForbidden(component);
  const size_t last = safe.find_last_not_of(". ");
  safe.erase(last == std::string::npos ? 0 : last + 1);
  if (safe.empty()) return "_";
  if (IsDeviceName(safe)) safe.insert(0, "_");
  return Fit(safe, "", kMaxComponentBytes);
}

// "C:/x", and from DOS "C:x" too; elsewhere that is a title with a colon in it ("Q: Who?").
bool HasDrive(std::string_view name, bool from_dos) {
  return name.size() >= 2 && name[1] == ':' &&
         absl::ascii_isalpha(static_cast<unsigned char>(name[0])) &&
         (from_dos || name.size() == 2 || name[2] == '/');
}

std::string_view TopFolder(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash + 1);
}

// Bytes of the folders with the slash behind them.
size_t FolderBytes(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? 0 : slash + 1;
}

// How many bytes at the beginning are top folders that all paths have in common.
size_t CommonFolderBytes(const std::vector<std::string>& paths) {
  if (paths.empty()) return 0;
  std::string_view common = std::string_view(paths[0]).substr(0, FolderBytes(paths[0]));
  for (const std::string& path : paths) {
    const auto differ = std::mismatch(common.begin(), common.end(), path.begin(), path.end());
    common = common.substr(0, differ.first - common.begin());
    common = common.substr(0, FolderBytes(common));
  }
  return common.size();
}

// Tells whether a path is a folder of one of the paths it was made from. Those may change in their
// last components, which says nothing of folders.
class Folders {
 public:
  explicit Folders(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      if (FolderBytes(path) > 0) sorted_.push_back(path.substr(0, FolderBytes(path)));
    }
    std::sort(sorted_.begin(), sorted_.end());
    sorted_.erase(std::unique(sorted_.begin(), sorted_.end()), sorted_.end());
  }
  bool Contain(const std::string& path) const {
    const std::string folder = path + "/";
    const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), folder);
    return found != sorted_.end() && found->starts_with(folder);
  }

 private:
  std::vector<std::string> sorted_;
};

}  // namespace

std::string SafePath(std::string_view name, bool from_dos) {
  std::string slashed(name);
  if (from_dos || slashed.find('/') == std::string::npos) {
    std::replace(slashed.begin(), slashed.end(), '\\', '/');
  }
  name = slashed;
  name.remove_prefix(std::min(name.find_first_not_of('/'), name.size()));
  if (HasDrive(name, from_dos)) name.remove_prefix(2);
  std::string path;
  while (!name.empty()) {
    const std::string_view component = name.substr(0, name.find('/'));
    name.remove_prefix(std::min(component.size() + 1, name.size()));
    if (component.empty() || component == "." || component == "..") continue;
    if (!path.empty()) path.push_back('/');
    path += SafeComponent(component);
  }
  return path.empty() ? "_" : path;
}

void FlattenPaths(std::vector<std::string>* paths) {
  const size_t common = CommonFolderBytes(*paths);
  for (std::string& path : *paths) {
    size_t drop = common;
    while (FolderBytes(path) - drop > kMaxFolderBytes) {
      drop += TopFolder(std::string_view(path).substr(drop)).size();
    }
    path.erase(0, drop);
  }
}

void MakePathsUnique(std::vector<std::string>* paths) {
  const Folders folders(*paths);
  absl::flat_hash_set<std::string> taken;
  // Those that can keep their names come first, so that a made name never takes a given one.
  std::vector<size_t> clashing;
  for (size_t i = 0; i < paths->size(); ++i) {
    const std::string& path = (*paths)[i];
    if (folders.Contain(path) || !taken.insert(path).second) clashing.push_back(i);
  }
  // The number that was last given for a name: a million equal ones must not try all before.
  absl::flat_hash_map<std::string, uint64_t> last;
  for (const size_t i : clashing) {
    const std::string path = std::move((*paths)[i]);
    const std::string_view folder = std::string_view(path).substr(0, FolderBytes(path));
    uint64_t& number = last.try_emplace(path, 1).first->second;
    std::string made;
    do {
      const std::string mark = absl::StrCat(" ~", ++number);
      made = folder;
      made += Fit(std::string_view(path).substr(folder.size()), mark, kMaxComponentBytes);
    } while (folders.Contain(made) || !taken.insert(made).second);
    (*paths)[i] = std::move(made);
  }
}

}  // namespace cbzfs
