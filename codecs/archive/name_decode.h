// Names of archive entries as valid UTF-8.
//
// A name says its character set by flag bit 11 or by Info-ZIP's Unicode path (0x7075), or is valid
// UTF-8 as it is (Linux and macOS programs write that without the flag). Of the others all of one
// archive have one character set, for one program wrote them: Shift-JIS where each of them can be
// read so and they look Japanese together, else CP437, as APPNOTE says.
//
// Nothing here makes a name safe: see entry_names.h. Pure functions: any thread.

#ifndef CBZFS_CODECS_ARCHIVE_NAME_DECODE_H_
#define CBZFS_CODECS_ARCHIVE_NAME_DECODE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "codecs/archive/legacy_charsets.h"
#include "codecs/archive/zip_directory.h"

namespace cbzfs {

// One for each entry, in order. A declaration that is not true (bytes that are no UTF-8) is none.
std::vector<std::string> DecodeEntryNames(absl::Span<const ZipDirectoryEntry> entries,
                                          const LegacyCharsets& charsets);

// How much a decoded text speaks for being Japanese, and (below 0) for being a European one in
// CP437 that happens to decode as Shift-JIS. Most accented letters of CP437 are lead bytes there,
// so "Größe" reads as a kanji between Latin letters. What tells them apart is where such characters
// stand: in Japanese they stand together or beside digits and punctuation, in the other case each
// stands alone, holds a Latin letter as its second byte, or stands between two.
//
// Measured with Debian's word lists, each word with ".jpg" behind it as the one name of an archive:
// of 237 665 French, German and Spanish words with accents 14 are taken for Japanese; of 239 243
// Japanese words of SKK-JISYO.L 93.8 % are known as such (lone kanji mostly are not), of archives
// of three such names 99.99 %.
int JapaneseScore(absl::Span<const LegacyCharsets::ShiftJisChar> text);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ARCHIVE_NAME_DECODE_H_
