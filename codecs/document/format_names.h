// What a file's name says it is. Only a guess: its content decides.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DOCUMENT_FORMAT_NAMES_H_
#define CBZFS_CODECS_DOCUMENT_FORMAT_NAMES_H_

#include <optional>
#include <string_view>

#include "codecs/document/document.h"

namespace cbzfs {

// By the extension, in any case: .pdf; .cbz and .zip; .cbr, .rar, .cb7, .7z, .cbt and .tar; those
// of the image formats of codecs/decode/image_info.h. Nothing for any other, and for a name that is
// nothing but an extension (a hidden file).
std::optional<SourceFormat> FormatOfName(std::string_view name);

inline bool HasImageExtension(std::string_view name) {
  return FormatOfName(name) == SourceFormat::kImage;
}

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_FORMAT_NAMES_H_
