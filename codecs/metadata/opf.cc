#include "codecs/metadata/opf.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "codecs/metadata/dates.h"
#include "codecs/metadata/xml_names.h"

namespace cbzfs {
namespace {

constexpr std::string_view kOpf = "http://www.idpf.org/2007/opf";

// MARC's relators, and who is credited as what.
constexpr std::array<std::pair<std::string_view, ComicField>, 8> kRoles = {{
    {"art", ComicField::kPenciller},
    {"ill", ComicField::kPenciller},
    {"ink", ComicField::kInker},
    {"clr", ComicField::kColorist},
    {"cov", ComicField::kCoverArtist},
    {"edt", ComicField::kEditor},
    {"trl", ComicField::kTranslator},
    {"ltr", ComicField::kLetterer},
}};

ComicField CreditFor(std::string_view role) {
  for (const auto& [name, field] : kRoles) {
    if (name == role) return field;
  }
  return ComicField::kWriter;
}

void Join(std::string* list, const std::string& item) {
  if (item.empty()) return;
  if (!list->empty()) *list += ", ";
  *list += item;
}

// A `meta` of EPUB 3 that says something of the element with this id.
std::string Refinement(pugi::xml_node metadata, std::string_view id, std::string_view property) {
  if (id.empty()) return "";
  for (const pugi::xml_node meta : metadata.children()) {
    std::string_view of = meta.attribute("refines").value();
    if (!of.empty() && of.front() == '#') of.remove_prefix(1);
    if (of == id && meta.attribute("property").value() == property) return TextOf(meta);
  }
  return "";
}

std::string RoleOf(pugi::xml_node metadata, pugi::xml_node creator) {
  if (const pugi::xml_attribute role = FindAttribute(creator, kOpf, "role")) return role.value();
  return Refinement(metadata, creator.attribute("id").value(), "role");
}

// A description is often HTML, escaped.
std::string PlainText(const std::string& text) {
  if (text.find('<') == text.npos) return text;
  pugi::xml_document html;
  const bool parsed = html.load_buffer(
      text.data(), text.size(), pugi::parse_default | pugi::parse_fragment | pugi::parse_ws_pcdata);
  return parsed ? TextOf(html) : text;
}

void AddIdentifier(pugi::xml_node identifier, Metadata* info) {
  const std::string_view scheme = FindAttribute(identifier, kOpf, "scheme").value();
  const std::string text = TextOf(identifier);
  info->Add(ComicField::kGtin, IsbnOfUrn(text));
  if (scheme == "ISBN" || scheme == "isbn") info->Add(ComicField::kGtin, PlainIsbn(text));
}

void AddMeta(pugi::xml_node metadata, pugi::xml_node meta, Metadata* info) {
  const std::string_view name = meta.attribute("name").value();
  const std::string_view content = meta.attribute("content").value();
  if (name == "calibre:series") info->Add(ComicField::kSeries, content);
  if (name == "calibre:series_index") info->Add(ComicField::kNumber, PlainNumber(content));
  if (name == "primary-writing-mode" && content.ends_with("-rl")) {
    info->Add(ComicField::kManga, "YesAndRightToLeft");
  }
  if (std::string_view(meta.attribute("property").value()) == "belongs-to-collection") {
    info->Add(ComicField::kSeries, TextOf(meta));
    info->Add(ComicField::kNumber,
              PlainNumber(Refinement(metadata, meta.attribute("id").value(), "group-position")));
  }
}

}  // namespace

bool IsOpf(pugi::xml_node root) { return IsNamed(root, kOpf, "package"); }

Metadata ReadOpf(pugi::xml_node root) {
  Metadata info;
  const pugi::xml_node metadata = FindChild(root, kOpf, "metadata");
  std::array<std::string, kComicFields> lists;
  const auto list = [&](ComicField field) { return &lists[static_cast<size_t>(field)]; };
  for (const pugi::xml_node node : metadata.children()) {
    const auto is = [&](std::string_view name) { return IsNamed(node, kDublinCore, name); };
    if (is("title")) info.Add(ComicField::kTitle, TextOf(node));
    if (is("creator") || is("contributor")) {
      const std::string role = RoleOf(metadata, node);
      // "bkp" is the program that made the file.
      if (is("creator") || CreditFor(role) != ComicField::kWriter) {
        Join(list(CreditFor(role)), TextOf(node));
      }
    }
    if (is("subject")) Join(list(ComicField::kTags), TextOf(node));
    if (is("description")) info.Add(ComicField::kSummary, PlainText(TextOf(node)));
    if (is("publisher")) info.Add(ComicField::kPublisher, TextOf(node));
    if (is("language")) info.Add(ComicField::kLanguageIso, LanguageTag(TextOf(node)));
    if (is("date")) AddDate(TextOf(node), &info);
    if (is("identifier")) AddIdentifier(node, &info);
    if (IsNamed(node, kOpf, "meta")) AddMeta(metadata, node, &info);
  }
  for (size_t i = 0; i < lists.size(); ++i) info.Add(static_cast<ComicField>(i), lists[i]);
  const std::string_view direction =
      FindChild(root, kOpf, "spine").attribute("page-progression-direction").value();
  if (direction == "rtl") info.Add(ComicField::kManga, "YesAndRightToLeft");
  return info;
}

}  // namespace cbzfs
