// ZIP archives to the tests' taste: well-formed by default, with any lie that a test asks for.

#ifndef CBZFS_TESTS_CODECS_ARCHIVE_ZIP_BUILDER_H_
#define CBZFS_TESTS_CODECS_ARCHIVE_ZIP_BUILDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace cbzfs::testing {

inline constexpr uint16_t kMadeByDos = 20;
inline constexpr uint16_t kMadeByUnix = 3 << 8 | 20;

struct ZipItem {
  std::string name;
  std::string data = {};  // uncompressed
  uint16_t method = 0;    // 0 and 8 are made here; others need `coded`
  uint16_t flags = 0;
  uint16_t made_by = kMadeByUnix;
  uint32_t attributes = 0;
  bool zip64 = false;  // every number that can be is in ZIP64 fields

  // What is said or done otherwise than the above would have it.
  std::optional<std::string> coded = {};
  std::optional<uint32_t> crc = {};
  std::optional<uint64_t> bytes = {};
  std::optional<uint64_t> compressed = {};
  std::optional<uint64_t> offset = {};  // in the central directory
  std::optional<std::string> local_name = {};
  std::optional<uint16_t> local_method = {};
  std::optional<uint16_t> local_flags = {};
  std::optional<uint32_t> local_bytes = {};
  std::optional<uint32_t> local_compressed = {};
  std::optional<uint32_t> local_crc = {};
  std::string central_extra = {};
  bool no_zip64_field = false;  // though the numbers are full
  bool directory_only = false;  // neither local header nor data are written: `offset` says where
};

struct ZipParts {
  std::vector<ZipItem> items = {};
  std::string prefix = {};
  bool offsets_count_prefix = true;
  std::string comment = {};
  std::string behind = {};  // after the end record
  bool zip64_end = false;
  std::optional<uint64_t> entries = {};
  std::optional<uint64_t> directory_bytes = {};
  std::optional<uint64_t> directory_offset = {};
};

std::string BuildZip(const ZipParts& parts);
std::string ZipOf(std::vector<ZipItem> items);

// The data as the archive will hold it.
std::string CodedData(const ZipItem& item);
std::string LocalHeaderOf(const ZipItem& item);
std::string ExtraField(uint16_t id, const std::string& data);
// `data` so many times over, as one raw deflate stream.
std::string Deflate(const std::string& data, int times = 1);
uint32_t Crc(const std::string& data);

// Appends little-endian numbers.
void Put(std::string& out, uint64_t value, int size);

inline absl::Span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Quoted overlaps (Fifield, "A better zip bomb", 2019, section 3): each entry's data are one quoted
// local header and then all of the data of the next entry. `kernel` are the last entry's data.
std::string QuotedOverlapBomb(int entries, const std::string& kernel);

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_ARCHIVE_ZIP_BUILDER_H_
