#include "codecs/metadata/epub_package.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "codecs/metadata/opf.h"
#include "codecs/metadata/xml_names.h"

namespace cbzfs {
namespace {

constexpr std::string_view kContainer = "urn:oasis:names:tc:opendocument:xmlns:container";
constexpr std::string_view kOpf = "http://www.idpf.org/2007/opf";
constexpr float kMostPixels = 20'000;  // a side

bool Parse(std::string_view text, pugi::xml_document* xml) {
  return static_cast<bool>(xml->load_buffer(text.data(), text.size()));
}

// What stands between any of the separators, without what is empty. (Debian's Abseil has a
// string_view of its own.)
std::vector<std::string_view> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

// 0 where it is no number.
float NumberIn(std::string_view text) {
  float number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() ? number : 0;
}

// Percent-encoding of a relative reference (RFC 3986, 2.1).
std::string Decoded(std::string_view reference) {
  std::string path;
  for (size_t i = 0; i < reference.size(); ++i) {
    if (reference[i] == '%' && i + 2 < reference.size() && absl::ascii_isxdigit(reference[i + 1]) &&
        absl::ascii_isxdigit(reference[i + 2])) {
      unsigned byte = 0;
      std::from_chars(reference.data() + i + 1, reference.data() + i + 3, byte, 16);
      path.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      path.push_back(reference[i]);
    }
  }
  return path;
}

// A reference in the document at `base`, as a path in the archive.
std::string Resolve(std::string_view base, std::string_view reference) {
  reference = reference.substr(0, reference.find_first_of("#?"));
  const size_t slash = base.rfind('/');
  std::vector<std::string> parts;
  if (slash != base.npos) {
    for (const std::string_view part : Split(base.substr(0, slash), "/")) parts.emplace_back(part);
  }
  for (const std::string_view part : Split(reference, "/")) {
    if (part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else {
      parts.push_back(Decoded(part));
    }
  }
  std::string path;
  for (const std::string& part : parts) path += (path.empty() ? "" : "/") + part;
  return path;
}

bool SaysFixed(pugi::xml_node metadata) {
  for (const pugi::xml_node meta : metadata.children()) {
    if (!IsNamed(meta, kOpf, "meta")) continue;
    const std::string_view property = meta.attribute("property").value();
    const std::string_view name = meta.attribute("name").value();
    const std::string content = meta.attribute("content").value();
    if (property == "rendition:layout" && Trimmed(TextOf(meta)) == "pre-paginated") return true;
    if (name == "fixed-layout" && absl::AsciiStrToLower(content) == "true") return true;
  }
  return false;
}

std::optional<Viewport> Checked(float width, float height) {
  const auto fine = [](float side) { return side >= 1 && side <= kMostPixels; };
  if (!fine(width) || !fine(height)) return std::nullopt;
  return Viewport{width, height};
}

// "width=1072, height=1448"
std::optional<Viewport> ReadViewport(std::string_view content) {
  float width = 0;
  float height = 0;
  for (const std::string_view item : Split(content, ",;")) {
    const size_t equals = std::min(item.find('='), item.size());
    const std::string_view key = Trimmed(item.substr(0, equals));
    // "px" may follow.
    const float number = NumberIn(Trimmed(item.substr(std::min(equals + 1, item.size()))));
    if (key == "width") width = number;
    if (key == "height") height = number;
  }
  return Checked(width, height);
}

// The viewBox of an SVG, or its width and height.
std::optional<Viewport> ReadSvg(pugi::xml_node svg) {
  const std::vector<std::string_view> box = Split(svg.attribute("viewBox").value(), " ,\t\r\n");
  if (box.size() == 4) return Checked(NumberIn(box[2]), NumberIn(box[3]));
  return Checked(svg.attribute("width").as_float(), svg.attribute("height").as_float());
}

std::optional<Viewport> Search(pugi::xml_node node, int levels) {
  for (const pugi::xml_node child : node.children()) {
    const std::string_view name = LocalName(child.name());
    std::optional<Viewport> found;
    if (name == "meta" && std::string_view(child.attribute("name").value()) == "viewport") {
      found = ReadViewport(child.attribute("content").value());
    } else if (name == "svg") {
      found = ReadSvg(child);
    } else if (name == "img") {
      found = Checked(child.attribute("width").as_float(), child.attribute("height").as_float());
    }
    if (!found.has_value() && levels > 0) found = Search(child, levels - 1);
    if (found.has_value()) return found;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::string> PackagePathOf(std::string_view container) {
  pugi::xml_document xml;
  if (!Parse(container, &xml)) return absl::InvalidArgumentError("its container.xml is no XML");
  const pugi::xml_node files = FindChild(xml.document_element(), kContainer, "rootfiles");
  const pugi::xml_node file = FindChild(files, kContainer, "rootfile");
  std::string path = Resolve("", file.attribute("full-path").value());
  if (path.empty()) return absl::InvalidArgumentError("its container.xml names no package");
  return path;
}

absl::StatusOr<PackageDocument> ReadPackageDocument(std::string_view text, std::string_view path) {
  pugi::xml_document xml;
  if (!Parse(text, &xml)) return absl::InvalidArgumentError("its package document is no XML");
  const pugi::xml_node root = xml.document_element();
  if (!IsOpf(root)) return absl::InvalidArgumentError("it has no package document");
  PackageDocument package;
  package.info = ReadOpf(root);
  package.fixed_layout = SaysFixed(FindChild(root, kOpf, "metadata"));
  absl::flat_hash_map<std::string_view, std::string_view> manifest;
  for (const pugi::xml_node item : FindChild(root, kOpf, "manifest").children()) {
    manifest.emplace(item.attribute("id").value(), item.attribute("href").value());
  }
  for (const pugi::xml_node item : FindChild(root, kOpf, "spine").children()) {
    const auto found = manifest.find(std::string_view(item.attribute("idref").value()));
    if (found == manifest.end() || package.spine.size() == kMostSpine) continue;
    package.spine.push_back(Resolve(path, found->second));
  }
  return package;
}

bool DisplayOptionsFixLayout(std::string_view text) {
  pugi::xml_document xml;
  if (!Parse(text, &xml)) return false;
  const pugi::xml_node option = xml.find_node([](pugi::xml_node node) {
    return std::string_view(node.attribute("name").value()) == "fixed-layout";
  });
  return Trimmed(TextOf(option)) == "true";
}

std::optional<Viewport> ViewportOf(std::string_view page) {
  // Lenient: what was read before a fault is looked at as well.
  pugi::xml_document xml;
  (void)xml.load_buffer(page.data(), page.size());
  constexpr int kLevels = 16;
  return Search(xml, kLevels);
}

}  // namespace cbzfs
