// The records of a ZIP archive: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.9, 4.3.12, 4.3.14 to
// 4.3.16. Our own entries are stored; those of a real archive may be anything (raw_entry.h).
//
// What all of 39 programs accept (clients.md): sizes and CRC-32 in the local header, no data
// descriptor, no extra field but the one ZIP64 needs, mode 0100644 in the external attributes
// (fuse-zip refuses entries without a file type), the UTF-8 flag only where a name needs it. ZIP64
// only where a number does not fit: busybox, unar, minizip and okular cannot read it.
// Our timestamps are constant, 1980-01-01 00:00: the bytes are a function of the source alone.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_ZIP_ZIP_RECORDS_H_
#define CBZFS_CODECS_ZIP_ZIP_RECORDS_H_

#include <cstdint>
#include <string>

namespace cbzfs {

// Without the name.
inline constexpr uint64_t kLocalHeaderBytes = 30;
inline constexpr uint64_t kCentralRecordBytes = 46;
// With its signature.
inline constexpr uint64_t kDataDescriptorBytes = 16;
// What a central record grows by when its entry's offset needs ZIP64.
inline constexpr uint64_t kZip64ExtraBytes = 12;
// The end record, and what ZIP64 puts before it (end record and locator).
inline constexpr uint64_t kEndRecordBytes = 22;
inline constexpr uint64_t kZip64EndBytes = 56 + 20;

inline constexpr uint16_t kDescriptorFlag = 1 << 3;
inline constexpr uint16_t kAesMethod = 99;

// Date (high half) and time of what has none of its own: 1980-01-01 00:00, the first there is.
inline constexpr uint32_t kDosEpoch = (1 << 5 | 1) << 16;

struct ZipEntry {
  std::string name;           // at most 65 535 bytes
  uint32_t crc = 0;           // of the data, uncompressed
  uint32_t stored_bytes = 0;  // of the data as it stands in the archive
  uint32_t bytes = 0;         // of the data; in both 2^32 - 1 would mean ZIP64 and must not occur
  uint64_t offset = 0;        // of the local header
  uint16_t method = 0;        // stored
  uint16_t flags = 0;         // but the UTF-8 flag, which follows from the name
  uint32_t dos_time = kDosEpoch;
  std::string extra;  // whole extra fields, for both headers
};

struct ZipEnd {
  uint64_t entries = 0;
  uint64_t directory_offset = 0;
  uint64_t directory_bytes = 0;
  std::string comment;  // at most 65 535 bytes
};

// An offset that has no room in 32 bits.
bool OffsetNeedsZip64(uint64_t offset);
bool EndNeedsZip64(const ZipEnd& end);

std::string LocalHeader(const ZipEntry& entry);
std::string DataDescriptor(const ZipEntry& entry);
std::string CentralRecord(const ZipEntry& entry);
std::string EndRecords(const ZipEnd& end);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_ZIP_RECORDS_H_
