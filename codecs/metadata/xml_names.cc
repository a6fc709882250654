#include "codecs/metadata/xml_names.h"

namespace cbzfs {
namespace {

// Files of people have a handful of levels; those of enemies as many as they have bytes.
constexpr int kLevels = 64;

// What a prefix stands for at this element; "" where it stands for nothing.
std::string_view NamespaceOf(pugi::xml_node element, std::string_view prefix) {
  std::string declaration = "xmlns";
  if (!prefix.empty()) declaration.append(":").append(prefix);
  for (int level = 0; level < kLevels && element; ++level, element = element.parent()) {
    if (const pugi::xml_attribute found = element.attribute(declaration.c_str())) {
      return found.value();
    }
  }
  return "";
}

std::string_view PrefixOf(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == name.npos ? std::string_view() : name.substr(0, colon);
}

void AppendText(pugi::xml_node element, int levels, std::string* text) {
  for (const pugi::xml_node child : element.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      *text += child.value();
    } else if (child.type() == pugi::node_element && levels > 0) {
      AppendText(child, levels - 1, text);
    }
  }
}

}  // namespace

std::string_view LocalName(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

bool IsNamed(pugi::xml_node element, std::string_view space, std::string_view local) {
  const std::string_view name = element.name();
  return LocalName(name) == local && NamespaceOf(element, PrefixOf(name)) == space;
}

pugi::xml_attribute FindAttribute(pugi::xml_node element, std::string_view space,
                                  std::string_view local) {
  for (const pugi::xml_attribute attribute : element.attributes()) {
    const std::string_view name = attribute.name();
    if (LocalName(name) != local) continue;
    // An attribute without a prefix is in no namespace, whatever its element is in.
    const std::string_view prefix = PrefixOf(name);
    if ((prefix.empty() ? "" : NamespaceOf(element, prefix)) == space) return attribute;
  }
  return {};
}

pugi::xml_node FindChild(pugi::xml_node parent, std::string_view space, std::string_view local) {
  for (const pugi::xml_node child : parent.children()) {
    if (IsNamed(child, space, local)) return child;
  }
  return {};
}

std::string TextOf(pugi::xml_node element) {
  std::string text;
  AppendText(element, kLevels, &text);
  return text;
}

}  // namespace cbzfs
