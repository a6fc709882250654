// What a package document says of a book: calibre's metadata.opf, or that of an EPUB (Open
// Packaging Format 2.0.1; EPUB 3.3, 5).
//
// Pure function: any thread. Internal to codecs/metadata.

#ifndef CBZFS_CODECS_METADATA_OPF_H_
#define CBZFS_CODECS_METADATA_OPF_H_

#include <pugixml.hpp>

#include "codecs/document/metadata.h"

namespace cbzfs {

// Whether the root is of such a document.
bool IsOpf(pugi::xml_node root);

Metadata ReadOpf(pugi::xml_node root);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_METADATA_OPF_H_
