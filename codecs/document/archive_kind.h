// What kind of archive a file is, by its first bytes: many a CBZ is a RAR or 7z in spite of its
// name, and many a CBR a ZIP.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DOCUMENT_ARCHIVE_KIND_H_
#define CBZFS_CODECS_DOCUMENT_ARCHIVE_KIND_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace cbzfs {

enum class ArchiveKind : uint8_t {
  kOther,  // also a ZIP behind a prefix (a self-extractor), which Archive::Open() finds
  kZip,
  kRar,  // up to 4.x
  kRar5,
  k7z,
  kTar,  // POSIX and GNU; not the tar before 1988, which has no signature
  // By gzip, bzip2, xz, LZMA or Zstandard: a tar, one hopes.
  kCompressed,
};

// So much of a file's beginning decides it.
inline constexpr size_t kArchiveHeadBytes = 263;

// `head` is the first min(kArchiveHeadBytes, file size) bytes of the file, or more.
ArchiveKind SniffArchive(absl::Span<const uint8_t> head);

// One that codecs/packed reads.
inline bool IsPacked(ArchiveKind kind) {
  return kind != ArchiveKind::kOther && kind != ArchiveKind::kZip;
}

// For messages: "a RAR archive"; of kOther "no archive".
const char* Describe(ArchiveKind kind);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_ARCHIVE_KIND_H_
