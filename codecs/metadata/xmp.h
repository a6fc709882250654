// What an XMP packet (ISO 16684-1) says of a book: Dublin Core, and the series that calibre writes
// (http://calibre-ebook.com/xmp-namespace). RDF's short forms are understood: properties as
// attributes, rdf:parseType="Resource".
//
// Pure function: any thread.

#ifndef CBZFS_CODECS_METADATA_XMP_H_
#define CBZFS_CODECS_METADATA_XMP_H_

#include <string_view>

#include "codecs/document/metadata.h"

namespace cbzfs {

// Longer packets are not looked at.
inline constexpr size_t kMaxXmpBytes = 1 << 20;

// What is no XMP says nothing.
Metadata ReadXmp(std::string_view packet);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_METADATA_XMP_H_
