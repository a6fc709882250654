// What the first headers of a RAR archive say of the archive as a whole, which libarchive does not
// tell: one of several volumes, or solid.
//
// RAR 4: technote.txt of WinRAR 4; RAR 5: https://www.rarlab.com/technote.htm. Pure functions: any
// thread.

#ifndef CBZFS_CODECS_PACKED_VOLUMES_H_
#define CBZFS_CODECS_PACKED_VOLUMES_H_

#include <cstdint>

#include "absl/types/span.h"

namespace cbzfs {

struct RarTraits {
  bool volume = false;     // a part of an archive that was split over several files
  bool solid = false;      // an entry is packed as the continuation of those before it
  bool encrypted = false;  // even the names are
};

// Of a file that begins as a RAR archive does; nothing is true where the headers make no sense.
RarTraits TraitsOfRar(absl::Span<const uint8_t> file);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PACKED_VOLUMES_H_
