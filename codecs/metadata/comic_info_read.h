// What a ComicInfo.xml says (draft 2.1 and what came before it). What is written is codecs/zip's.
//
// Pure functions: any thread. Internal to codecs/metadata.

#ifndef CBZFS_CODECS_METADATA_COMIC_INFO_READ_H_
#define CBZFS_CODECS_METADATA_COMIC_INFO_READ_H_

#include <pugixml.hpp>

#include "codecs/metadata/sidecar.h"

namespace cbzfs {

bool IsComicInfo(pugi::xml_node root);

Sidecar ReadComicInfo(pugi::xml_node root);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_METADATA_COMIC_INFO_READ_H_
