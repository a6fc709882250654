// The records of a ZIP archive of stored entries: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12,
// 4.3.14 to 4.3.16.
//
// What all of 39 programs accept (clients.md): sizes and CRC-32 in the local header, no data
// descriptor, no extra field but the one ZIP64 needs, mode 0100644 in the external attributes
// (fuse-zip refuses entries without a file type), the UTF-8 flag only where a name needs it. ZIP64
// only where a number does not fit: busybox, unar, minizip and okular cannot read it.
// Timestamps are constant, 1980-01-01 00:00: the bytes are a function of the source alone.
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
// What a central record grows by when its entry's offset needs ZIP64.
inline constexpr uint64_t kZip64ExtraBytes = 12;
// The end record, and what ZIP64 puts before it (end record and locator).
inline constexpr uint64_t kEndRecordBytes = 22;
inline constexpr uint64_t kZip64EndBytes = 56 + 20;

struct ZipEntry {
  std::string name;     // at most 65 535 bytes
  uint32_t crc = 0;     // of the data
  uint32_t bytes = 0;   // of the data; 2^32 - 1 would mean ZIP64 and must not occur
  uint64_t offset = 0;  // of the local header
};

struct ZipEnd {
  uint64_t entries = 0;
  uint64_t directory_offset = 0;
  uint64_t directory_bytes = 0;
};

// An offset that has no room in 32 bits.
bool OffsetNeedsZip64(uint64_t offset);
bool EndNeedsZip64(const ZipEnd& end);

std::string LocalHeader(const ZipEntry& entry);
std::string CentralRecord(const ZipEntry& entry);
std::string EndRecords(const ZipEnd& end);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_ZIP_RECORDS_H_
