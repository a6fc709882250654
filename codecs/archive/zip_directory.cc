#include "codecs/archive/zip_directory.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/archive/bytes.h"
#include "codecs/archive/directory_place.h"

namespace cbzfs {
namespace {

using archive::Bytes;
using archive::DirectoryPlace;
using archive::Has;
using archive::Text;
using archive::U16;
using archive::U32;
using archive::U64;

constexpr uint32_t kCentralSignature = 0x02014B50;
constexpr uint32_t kLocalSignature = 0x04034B50;
constexpr uint64_t kCentralBytes = 46;
constexpr uint64_t kLocalBytes = 30;
constexpr uint32_t kFull32 = 0xFFFFFFFF;
constexpr uint16_t kZip64Id = 0x0001;
constexpr uint16_t kUnicodePathId = 0x7075;
constexpr uint16_t kAesId = 0x9901;

// The extra field `id` with its head; empty when it is not there. Fields that do not fit end the
// search: programs do write them (APPNOTE 4.5.1 knows no such thing).
Bytes FindExtra(Bytes extra, uint16_t id) {
  while (extra.size() >= 4) {
    const size_t size = size_t{4} + U16(extra, 2);
    if (size > extra.size()) break;
    if (U16(extra, 0) == id) return extra.subspan(0, size);
    extra.remove_prefix(size);
  }
  return {};
}

// Takes the 64-bit numbers of a ZIP64 field in turn, each only where its 32-bit one is full.
class Zip64Field {
 public:
  explicit Zip64Field(Bytes extra) : field_(FindExtra(extra, kZip64Id)) {
    if (!field_.empty()) field_.remove_prefix(4);
  }
  // False when the number should be there and is not.
  bool Widen(uint64_t& number) {
    if (number != kFull32) return true;
    if (field_.size() < 8) return false;
    number = U64(field_, 0);
    field_.remove_prefix(8);
    return true;
  }

 private:
  Bytes field_;
};

// Info-ZIP's Unicode path (APPNOTE 4.6.9): version 1, CRC-32 of the name it stands for, UTF-8.
std::string UnicodeName(Bytes extra, std::string_view name) {
  const Bytes field = FindExtra(extra, kUnicodePathId);
  if (field.size() <= 9 || field[4] != 1) return {};
  if (U32(field, 5) != libdeflate_crc32(0, name.data(), name.size())) return {};
  return Text(field, 9, field.size() - 9);
}

struct RecordLengths {
  uint16_t name, extra, comment;
  uint64_t total() const { return kCentralBytes + name + extra + comment; }
};

ZipDirectoryEntry ReadRecord(Bytes file, uint64_t at, const RecordLengths& lengths,
                             uint64_t shift) {
  ZipDirectoryEntry entry;
  entry.made_by = U16(file, at + 4);
  entry.flags = U16(file, at + 8);
  entry.method = U16(file, at + 10);
  entry.dos_time = U16(file, at + 12) | uint32_t{U16(file, at + 14)} << 16;
  entry.crc = U32(file, at + 16);
  entry.compressed_bytes = U32(file, at + 20);
  entry.bytes = U32(file, at + 24);
  entry.attributes = U32(file, at + 38);
  entry.header_offset = U32(file, at + 42);
  entry.name = Text(file, at + kCentralBytes, lengths.name);
  const Bytes extra = file.subspan(at + kCentralBytes + lengths.name, lengths.extra);
  entry.unicode_name = UnicodeName(extra, entry.name);
  if (const Bytes aes = FindExtra(extra, kAesId); !aes.empty()) {
    entry.aes_extra = Text(aes, 0, aes.size());
  }
  Zip64Field wide(extra);
  if (!wide.Widen(entry.bytes) || !wide.Widen(entry.compressed_bytes) ||
      !wide.Widen(entry.header_offset)) {
    entry.fault = EntryFault::kZip64;
  } else if (entry.header_offset > UINT64_MAX - shift) {
    entry.fault = EntryFault::kOutside;
  } else {
    entry.header_offset += shift;
  }
  return entry;
}

// Reads records up to the first thing that is none.
absl::Status ReadRecords(Bytes file, const DirectoryPlace& place, ZipDirectory& directory) {
  uint64_t at = place.offset;
  bool cut = false;
  while (place.limit - at >= kCentralBytes && U32(file, at) == kCentralSignature) {
    const RecordLengths lengths{U16(file, at + 28), U16(file, at + 30), U16(file, at + 32)};
    cut = lengths.total() > place.limit - at;
    if (cut) break;
    if (directory.entries.size() == kMaxZipEntries) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a ZIP archive of more than ", kMaxZipEntries, " entries"));
    }
    directory.entries.push_back(ReadRecord(file, at, lengths, place.shift));
    at += lengths.total();
    if (at - place.offset > kMaxZipDirectoryBytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "a ZIP archive with a directory of more than ", kMaxZipDirectoryBytes >> 20, " MiB"));
    }
  }
  if (directory.entries.empty() && place.offset != place.limit) {
    return absl::InvalidArgumentError("a ZIP archive whose directory is broken");
  }
  const uint64_t found = directory.entries.size();
  const uint64_t countable = place.zip64 ? found : found % 65'536;
  if (place.declared_entries != countable) {
    directory.notes.push_back(absl::StrCat("its directory should have ", place.declared_entries,
                                           " entries, but has ", found));
  }
  if (cut || at - place.offset > place.declared_bytes ||
      place.declared_bytes > place.limit - place.offset) {
    directory.notes.push_back("its directory is broken or not as long as declared");
  }
  if (place.declared_offset > place.offset) {
    directory.notes.push_back("its end record says a wrong place of the directory");
  }
  return absl::OkStatus();
}

// Whether a number in the local header may stand for the directory's. With a data descriptor it is
// 0, or full where the writer uses ZIP64; some programs put the truth there all the same.
bool Agrees(uint64_t local, uint64_t central, bool later) {
  return local == central || (later && (local == 0 || local == kFull32));
}

bool LocalHeaderAgrees(Bytes file, const ZipDirectoryEntry& entry, Bytes name, Bytes extra) {
  const uint64_t at = entry.header_offset;
  const uint16_t flags = U16(file, at + 6);
  if (name.size() != entry.name.size() ||
      (!name.empty() && std::memcmp(name.data(), entry.name.data(), name.size()) != 0)) {
    return false;
  }
  if (U16(file, at + 8) != entry.method) return false;
  if (((flags ^ entry.flags) & ZipDirectoryEntry::kEncryptedFlag) != 0) return false;
  const bool later = ((flags | entry.flags) & ZipDirectoryEntry::kLaterSizesFlag) != 0;
  uint64_t compressed = U32(file, at + 18);
  uint64_t bytes = U32(file, at + 22);
  Zip64Field wide(extra);
  if (!later && (!wide.Widen(bytes) || !wide.Widen(compressed))) return false;
  if (later) {
    // A field that is there is believed; one that is not leaves the numbers full.
    (void)(wide.Widen(bytes) && wide.Widen(compressed));
  }
  return Agrees(U32(file, at + 14), entry.crc, later) &&
         Agrees(compressed, entry.compressed_bytes, later) && Agrees(bytes, entry.bytes, later);
}

// Finds the entry's data by its local header. Nothing of an archive lies behind its directory, so
// `end`, where that begins, is the end of all data.
EntryFault FindData(Bytes file, uint64_t end, ZipDirectoryEntry& entry) {
  const Bytes before = file.subspan(0, end);
  const uint64_t at = entry.header_offset;
  if (!Has(before, at, kLocalBytes)) return EntryFault::kOutside;
  if (U32(file, at) != kLocalSignature) return EntryFault::kLocalHeader;
  const uint64_t name_bytes = U16(file, at + 26);
  const uint64_t extra_bytes = U16(file, at + 28);
  if (!Has(before, at + kLocalBytes, name_bytes + extra_bytes)) return EntryFault::kOutside;
  const uint64_t data = at + kLocalBytes + name_bytes + extra_bytes;
  if (!Has(before, data, entry.compressed_bytes)) return EntryFault::kOutside;
  const Bytes name = file.subspan(at + kLocalBytes, name_bytes);
  const Bytes extra = file.subspan(at + kLocalBytes + name_bytes, extra_bytes);
  if (!LocalHeaderAgrees(file, entry, name, extra)) return EntryFault::kDiffers;
  entry.data_offset = data;
  return EntryFault::kNone;
}

// Marks every two entries whose ranges, from local header to the end of the data, overlap. Entries
// with another fault have no range, so they cannot take an honest one with them.
void FindOverlaps(std::vector<ZipDirectoryEntry>& entries) {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < entries.size(); ++i) {
    if (entries[i].data_offset != 0) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&entries](uint32_t a, uint32_t b) {
    return entries[a].header_offset < entries[b].header_offset;
  });
  // In order of their beginnings, an entry that overlaps any before it overlaps the one of them
  // that ends last, and all the others it overlaps do so too.
  uint64_t furthest_end = 0;
  ZipDirectoryEntry* furthest = nullptr;
  for (const uint32_t i : order) {
    ZipDirectoryEntry& entry = entries[i];
    const uint64_t end = entry.data_offset + entry.compressed_bytes;
    if (furthest != nullptr && entry.header_offset < furthest_end) {
      entry.fault = furthest->fault = EntryFault::kOverlap;
    }
    if (furthest == nullptr || end > furthest_end) {
      furthest = &entry;
      furthest_end = end;
    }
  }
  for (ZipDirectoryEntry& entry : entries) {
    if (entry.fault == EntryFault::kOverlap) entry.data_offset = 0;
  }
}

void FindDuplicates(ZipDirectory& directory) {
  absl::flat_hash_set<std::string_view> seen;
  size_t duplicates = 0;
  for (ZipDirectoryEntry& entry : directory.entries) {
    entry.duplicate = !seen.insert(entry.name).second;
    duplicates += entry.duplicate ? 1 : 0;
  }
  if (duplicates > 0) {
    directory.notes.push_back(absl::StrCat(duplicates,
                                           duplicates == 1 ? " entry has" : " entries have",
                                           " the name of an earlier one"));
  }
}

}  // namespace

bool ZipDirectoryEntry::from_dos() const {
  // APPNOTE 4.4.2: FAT, OS/2 HPFS, NTFS, VFAT.
  const int host = made_by >> 8;
  return host == 0 || host == 6 || host == 10 || host == 14;
}

bool ZipDirectoryEntry::folder() const {
  if (name.ends_with("/")) return true;
  if (from_dos() && name.ends_with("\\")) return bytes == 0;
  // The DOS attribute stands in the low byte whatever the host; POSIX's mode in the high half.
  if (from_dos()) return (attributes & 0x10) != 0 && bytes == 0;
  return made_by >> 8 == 3 && (attributes >> 16 & 0170000) == 0040000 && bytes == 0;
}

absl::StatusOr<ZipDirectory> ReadZipDirectory(absl::Span<const uint8_t> file) {
  const absl::StatusOr<DirectoryPlace> place = archive::FindDirectory(file);
  if (!place.ok()) return place.status();
  ZipDirectory directory;
  if (absl::Status status = ReadRecords(file, *place, directory); !status.ok()) return status;
  for (ZipDirectoryEntry& entry : directory.entries) {
    if (entry.fault == EntryFault::kNone) entry.fault = FindData(file, place->offset, entry);
  }
  FindOverlaps(directory.entries);
  FindDuplicates(directory);
  return directory;
}

}  // namespace cbzfs
