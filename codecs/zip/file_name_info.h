// What a comic's file name says of it: "Saga v01 003 (2012)" is number 3 of volume 1 of the series
// Saga, of 2012. The habits are those of scanners and of the programs that sort what they make:
// the series stands first; a volume is marked (v, vol., volume, t., tome), a number may be (#, c,
// ch., chapter, no., issue) or is the last word; a year is in brackets, and what else is in
// brackets is of no interest.
//
// Pure function: any thread.

#ifndef CBZFS_CODECS_ZIP_FILE_NAME_INFO_H_
#define CBZFS_CODECS_ZIP_FILE_NAME_INFO_H_

#include <string_view>

#include "codecs/document/metadata.h"

namespace cbzfs {

// `stem` is the name without its extension. Series, Number, Volume, Count and Year, as far as they
// are there; nothing of a name without a number, which is a title.
Metadata InfoOfFileName(std::string_view stem);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_FILE_NAME_INFO_H_
