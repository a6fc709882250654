// Little-endian numbers at a place in a file. The caller has checked that they lie inside.
//
// The file may be a mapping that another program writes to: a number is read once, checked, and
// used from its copy.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_ARCHIVE_BYTES_H_
#define CBZFS_CODECS_ARCHIVE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/span.h"

namespace cbzfs::archive {

using Bytes = absl::Span<const uint8_t>;

inline uint16_t U16(Bytes bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

inline uint32_t U32(Bytes bytes, size_t at) {
  return U16(bytes, at) | uint32_t{U16(bytes, at + 2)} << 16;
}

inline uint64_t U64(Bytes bytes, size_t at) {
  return U32(bytes, at) | uint64_t{U32(bytes, at + 4)} << 32;
}

// [at, at + size) lies inside.
inline bool Has(Bytes bytes, uint64_t at, uint64_t size) {
  return at <= bytes.size() && size <= bytes.size() - at;
}

inline std::string Text(Bytes bytes, size_t at, size_t size) {
  return std::string(reinterpret_cast<const char*>(bytes.data()) + at, size);
}

}  // namespace cbzfs::archive

#endif  // CBZFS_CODECS_ARCHIVE_BYTES_H_
