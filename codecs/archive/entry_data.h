// The data of one archive entry, decoded by libzip: stored, deflated, and what else the libzip at
// hand knows (bzip2; with later builds LZMA, XZ, Zstandard).
//
// libzip is never shown the archive: each entry is given to it as an archive of its own, of
// headers made here around the very bytes of the entry. So no lie in the archive's directory can
// reach it, it cannot read outside the entry, and one broken entry costs no other; and an archive
// with a million entries costs it nothing.
//
// System calls: those for memory, and a look at /etc/localtime (libzip makes a time of the date in
// the headers, glibc then asks for the time zone) unless TZ is set.
//
// Only the worker calls this. Functions without state: any thread.

#ifndef CBZFS_CODECS_ARCHIVE_ENTRY_DATA_H_
#define CBZFS_CODECS_ARCHIVE_ENTRY_DATA_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace cbzfs {

// An entry as its archive stores it. Not encrypted.
struct CodedEntry {
  absl::Span<const uint8_t> data;
  uint16_t method = 0;
  uint16_t flags = 0;  // general purpose flags; bits 1 and 2 mean something to some methods
  uint32_t crc = 0;    // declared, of the decoded data
  uint64_t bytes = 0;  // declared length of the decoded data
};

// kUnimplemented with the method's name or number when DecodeEntry() cannot read it.
absl::Status CheckMethod(uint16_t method);

// The whole data. Memory grows with what is really decoded, never past the declared length.
// kResourceExhausted: declared longer than `max_bytes` (or 4 GiB), or memory ends; kDataLoss:
// broken, not of the declared length, or of another CRC-32; kUnimplemented as above.
// Messages are one line, fit for the user.
absl::StatusOr<std::string> DecodeEntry(const CodedEntry& entry, uint64_t max_bytes);

// The first `size` bytes, or fewer where the data ends or breaks before. Nothing is checked.
// An error only when not one byte of what should be there can be had.
absl::StatusOr<std::string> DecodeEntryHead(const CodedEntry& entry, size_t size);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ARCHIVE_ENTRY_DATA_H_
