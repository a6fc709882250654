// Names of XML elements and attributes with their namespaces, which pugixml leaves to its users
// (Namespaces in XML 1.0).
//
// Pure functions: any thread. Internal to codecs/metadata.

#ifndef CBZFS_CODECS_METADATA_XML_NAMES_H_
#define CBZFS_CODECS_METADATA_XML_NAMES_H_

#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace cbzfs {

inline constexpr std::string_view kNoNamespace;
inline constexpr std::string_view kDublinCore = "http://purl.org/dc/elements/1.1/";

// The part of a name behind its prefix.
std::string_view LocalName(std::string_view name);

// Whether the element has this name. A prefix is looked for in the element and the 64 around it.
bool IsNamed(pugi::xml_node element, std::string_view space, std::string_view local);

// The attribute of this name; null where there is none.
pugi::xml_attribute FindAttribute(pugi::xml_node element, std::string_view space,
                                  std::string_view local);

// The first child of this name; null where there is none.
pugi::xml_node FindChild(pugi::xml_node parent, std::string_view space, std::string_view local);

// All the text in the element, without any markup in it. At most 64 levels deep.
std::string TextOf(pugi::xml_node element);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_METADATA_XML_NAMES_H_
