#include "codecs/metadata/xmp.h"

#include <pugixml.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "codecs/metadata/dates.h"
#include "codecs/metadata/xml_names.h"

namespace cbzfs {
namespace {

constexpr std::string_view kRdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
constexpr std::string_view kXmp = "http://ns.adobe.com/xap/1.0/";
constexpr std::string_view kXmpQualifier = "http://ns.adobe.com/xmp/Identifier/qual/1.0/";
constexpr std::string_view kPrism = "http://prismstandard.org/namespaces/basic/2.0/";
constexpr std::string_view kCalibre = "http://calibre-ebook.com/xmp-namespace";
constexpr std::string_view kCalibreIndex = "http://calibre-ebook.com/xmp-namespace-series-index";

// The items of an rdf:Alt, rdf:Bag or rdf:Seq.
std::vector<pugi::xml_node> ItemsOf(pugi::xml_node property) {
  std::vector<pugi::xml_node> items;
  for (const std::string_view kind : {"Alt", "Bag", "Seq"}) {
    for (const pugi::xml_node item : FindChild(property, kRdf, kind).children()) {
      if (IsNamed(item, kRdf, "li")) items.push_back(item);
    }
  }
  return items;
}

// The value of a property: of several languages the one for all, of several items the first.
std::string ValueOf(pugi::xml_node property) {
  const std::vector<pugi::xml_node> items = ItemsOf(property);
  for (const pugi::xml_node item : items) {
    if (std::string_view(item.attribute("xml:lang").value()) == "x-default") return TextOf(item);
  }
  if (!items.empty()) return TextOf(items.front());
  if (const pugi::xml_node value = FindChild(property, kRdf, "value")) return TextOf(value);
  if (const pugi::xml_node inner = FindChild(property, kRdf, "Description")) {
    if (const pugi::xml_node value = FindChild(inner, kRdf, "value")) return TextOf(value);
  }
  return TextOf(property);
}

std::string AllValuesOf(pugi::xml_node property) {
  std::vector<std::string> values;
  for (const pugi::xml_node item : ItemsOf(property)) values.push_back(TextOf(item));
  return values.empty() ? TextOf(property) : absl::StrJoin(values, ", ");
}

// One rdf:Description: a property is a child, or an attribute where it is a plain text.
class Description {
 public:
  explicit Description(pugi::xml_node node) : node_(node) {}

  pugi::xml_node Find(std::string_view space, std::string_view name) const {
    return FindChild(node_, space, name);
  }
  std::string Value(std::string_view space, std::string_view name) const {
    if (const pugi::xml_node property = Find(space, name)) return ValueOf(property);
    return FindAttribute(node_, space, name).value();
  }
  std::string AllValues(std::string_view space, std::string_view name) const {
    if (const pugi::xml_node property = Find(space, name)) return AllValuesOf(property);
    return FindAttribute(node_, space, name).value();
  }

 private:
  const pugi::xml_node node_;
};

void AddSeries(const Description& of, Metadata* info) {
  const pugi::xml_node series = of.Find(kCalibre, "series");
  if (!series || !info->Get(ComicField::kSeries).empty()) return;
  info->Add(ComicField::kSeries, ValueOf(series));
  pugi::xml_node index = FindChild(series, kCalibreIndex, "series_index");
  if (!index) {
    index = FindChild(FindChild(series, kRdf, "Description"), kCalibreIndex, "series_index");
  }
  info->Add(ComicField::kNumber, PlainNumber(TextOf(index)));
}

void AddIsbn(const Description& of, Metadata* info) {
  info->Add(ComicField::kGtin, PlainIsbn(of.Value(kPrism, "isbn")));
  for (const pugi::xml_node item : ItemsOf(of.Find(kXmp, "Identifier"))) {
    if (TextOf(FindChild(item, kXmpQualifier, "Scheme")) != "isbn") continue;
    info->Add(ComicField::kGtin, PlainIsbn(TextOf(FindChild(item, kRdf, "value"))));
  }
  info->Add(ComicField::kGtin, IsbnOfUrn(of.Value(kDublinCore, "identifier")));
}

void AddDescription(const Description& of, Metadata* info) {
  info->Add(ComicField::kTitle, of.Value(kDublinCore, "title"));
  info->Add(ComicField::kWriter, of.AllValues(kDublinCore, "creator"));
  info->Add(ComicField::kSummary, of.Value(kDublinCore, "description"));
  info->Add(ComicField::kTags, of.AllValues(kDublinCore, "subject"));
  info->Add(ComicField::kPublisher, of.Value(kDublinCore, "publisher"));
  info->Add(ComicField::kLanguageIso, LanguageTag(of.Value(kDublinCore, "language")));
  AddDate(of.Value(kDublinCore, "date"), info);
  AddSeries(of, info);
  AddIsbn(of, info);
}

// The rdf:RDF element: the root, or in the root.
pugi::xml_node RdfOf(const pugi::xml_document& xml) {
  for (const pugi::xml_node root : xml.children()) {
    if (IsNamed(root, kRdf, "RDF")) return root;
    if (const pugi::xml_node inside = FindChild(root, kRdf, "RDF")) return inside;
  }
  return {};
}

}  // namespace

Metadata ReadXmp(std::string_view packet) {
  Metadata info;
  pugi::xml_document xml;
  if (packet.size() > kMaxXmpBytes) return info;
  // Of a packet that is damaged, what stands before the damage counts.
  xml.load_buffer(packet.data(), packet.size());
  for (const pugi::xml_node node : RdfOf(xml).children()) {
    if (IsNamed(node, kRdf, "Description")) AddDescription(Description(node), &info);
  }
  return info;
}

}  // namespace cbzfs
