// Where an archive's central directory lies: PKWARE APPNOTE 6.3.10, 4.3.14 to 4.3.16.
//
// Internal to codecs/archive. Pure functions: any thread.

#ifndef CBZFS_CODECS_ARCHIVE_DIRECTORY_PLACE_H_
#define CBZFS_CODECS_ARCHIVE_DIRECTORY_PLACE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "codecs/archive/bytes.h"

namespace cbzfs::archive {

struct DirectoryPlace {
  uint64_t offset = 0;  // in the file
  uint64_t limit = 0;   // where the end records begin; offset <= limit <= size of the file
  // What every offset in the archive lacks: bytes that were put before it without telling it.
  uint64_t shift = 0;
  // What the end record says.
  uint64_t declared_offset = 0;
  uint64_t declared_bytes = 0;
  uint64_t declared_entries = 0;  // modulo 2^16 unless zip64 (Info-ZIP wrote that before ZIP64)
  bool zip64 = false;
};

// The end record is looked for in the last 64 KiB and 22 bytes. Of several (a comment may hold
// another's bytes) the last one counts whose comment ends with the file and at whose directory an
// entry begins; then one with bytes behind it; then one of an empty archive.
// kInvalidArgument when there is none, or it is one of a split archive.
absl::StatusOr<DirectoryPlace> FindDirectory(Bytes file);

}  // namespace cbzfs::archive

#endif  // CBZFS_CODECS_ARCHIVE_DIRECTORY_PLACE_H_
