// The central directory of a ZIP archive, read without trust: PKWARE APPNOTE 6.3.10, 4.3 and 4.5.
//
// ZIP64, archive comments, and archives behind a prefix (self-extractors, whose offsets may count
// from the prefix's end or from the file's beginning) are understood. Each entry's local header is
// read too, so an entry here is one whose bytes are known to lie inside the file, or one with an
// EntryFault that says why not. A lie about one entry is that entry's fault and no other's.
//
// A plain value, owning all it holds: the file is looked at while reading only. One thread.

#ifndef CBZFS_CODECS_ARCHIVE_ZIP_DIRECTORY_H_
#define CBZFS_CODECS_ARCHIVE_ZIP_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace cbzfs {

// Sixteen times what fits an archive without ZIP64.
inline constexpr size_t kMaxZipEntries = 65'536ull * 16;
inline constexpr uint64_t kMaxZipDirectoryBytes = 256ull << 20;

// Why the data of an entry cannot be had. Encryption and unknown methods are no faults: the bytes
// can be handed on as they are.
enum class EntryFault : uint8_t {
  kNone,
  kZip64,        // sizes or offset stand in a ZIP64 field that is not there
  kOutside,      // the local header or the data would lie outside the file or in the directory
  kLocalHeader,  // no local header where the directory says
  kOverlap,      // its bytes belong to another entry too (Fifield, "A better zip bomb", 2019)
  kDiffers,      // the local header has another name, method, encryption, length or check sum
};

struct ZipDirectoryEntry {
  static constexpr uint16_t kEncryptedFlag = 1 << 0;
  static constexpr uint16_t kLaterSizesFlag = 1 << 3;  // sizes follow the data in a descriptor
  static constexpr uint16_t kUtf8Flag = 1 << 11;

  std::string name;          // raw bytes, any, at most 65 535
  std::string unicode_name;  // of the field 0x7075 if that belongs to `name` by its CRC; unchecked
  std::string aes_extra;     // the field 0x9901 with its four bytes of head; else empty

  uint64_t header_offset = 0;     // of the local header in the file
  uint64_t data_offset = 0;       // in the file; 0 with any fault
  uint64_t compressed_bytes = 0;  // as declared; inside the file where data_offset is not 0
  uint64_t bytes = 0;             // as declared, uncompressed

  uint32_t crc = 0;         // as declared, of the uncompressed data
  uint32_t dos_time = 0;    // date in the high half, time in the low one
  uint32_t attributes = 0;  // external ones
  uint16_t made_by = 0;     // host system in the high byte
  uint16_t flags = 0;
  uint16_t method = 0;
  EntryFault fault = EntryFault::kNone;
  bool duplicate = false;  // an earlier entry has the same name

  // By any of the three ways to say so: the flag, strong encryption (bit 6), method 99 (AES).
  bool encrypted() const { return (flags & 0x41) != 0 || method == 99; }
  // Made on a system that separates folders by '\': FAT, OS/2, NTFS, VFAT.
  bool from_dos() const;
  // By its name or its attributes.
  bool folder() const;
};

struct ZipDirectory {
  std::vector<ZipDirectoryEntry> entries;  // in the directory's order
  // Lies of the directory as a whole, one line each, fit for the user; few.
  std::vector<std::string> notes;
};

// kInvalidArgument: no directory can be found; kResourceExhausted: over one of the limits above.
// Messages are one line, fit for the user.
absl::StatusOr<ZipDirectory> ReadZipDirectory(absl::Span<const uint8_t> file);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ARCHIVE_ZIP_DIRECTORY_H_
