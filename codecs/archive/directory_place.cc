#include "codecs/archive/directory_place.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"

namespace cbzfs::archive {
namespace {

constexpr uint32_t kCentralSignature = 0x02014B50;
constexpr uint32_t kEndSignature = 0x06054B50;
constexpr uint32_t kEnd64Signature = 0x06064B50;
constexpr uint32_t kLocator64Signature = 0x07064B50;
constexpr uint32_t kLocalSignature = 0x04034B50;
constexpr uint64_t kCentralBytes = 46;
constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kEnd64Bytes = 56;
constexpr uint64_t kLocator64Bytes = 20;
constexpr uint64_t kMaxComment = 0xFFFF;
constexpr uint32_t kFull16 = 0xFFFF;
constexpr uint32_t kFull32 = 0xFFFFFFFF;

bool SignatureAt(Bytes file, uint64_t at, uint32_t signature) {
  return Has(file, at, 4) && U32(file, at) == signature;
}

// The ZIP64 end record that the locator before the end record at `end` names, or that lies right
// before the locator (where it is in an archive that something was put before).
std::optional<uint64_t> FindEnd64(Bytes file, uint64_t end) {
  if (end < kLocator64Bytes + kEnd64Bytes) return std::nullopt;
  const uint64_t locator = end - kLocator64Bytes;
  if (!SignatureAt(file, locator, kLocator64Signature)) return std::nullopt;
  for (const uint64_t at : {U64(file, locator + 8), locator - kEnd64Bytes}) {
    if (at <= locator - kEnd64Bytes && SignatureAt(file, at, kEnd64Signature)) return at;
  }
  return std::nullopt;
}

struct Candidate {
  DirectoryPlace place;
  bool split = false;
  bool exact = false;  // the comment ends with the file
};

// Reads the end record at `at`, which lies inside the file; nothing when its comment does not.
std::optional<Candidate> ReadEnd(Bytes file, uint64_t at) {
  const uint64_t behind = file.size() - at - kEndBytes;
  const uint16_t comment = U16(file, at + 20);
  if (comment > behind) return std::nullopt;
  Candidate found;
  found.exact = comment == behind;
  uint32_t disk = U16(file, at + 4);
  DirectoryPlace& place = found.place;
  place.declared_entries = U16(file, at + 10);
  place.declared_bytes = U32(file, at + 12);
  place.declared_offset = U32(file, at + 16);
  place.limit = at;
  if (const std::optional<uint64_t> end64 = FindEnd64(file, at)) {
    // Only a number that the old record has no room for is taken from the new one (4.4.1.4).
    place.limit = *end64;
    if (disk == kFull16) disk = U32(file, *end64 + 16);
    if (place.declared_entries == kFull16) {
      place.declared_entries = U64(file, *end64 + 32);
      place.zip64 = true;
    }
    if (place.declared_bytes == kFull32) place.declared_bytes = U64(file, *end64 + 40);
    if (place.declared_offset == kFull32) place.declared_offset = U64(file, *end64 + 48);
  }
  found.split = disk != 0;
  return found;
}

// Whether the local header of the first entry is where the directory's first record says.
bool FirstEntryFits(Bytes file, uint64_t directory, uint64_t shift) {
  if (!Has(file, directory, kCentralBytes)) return false;
  return SignatureAt(file, U32(file, directory + 42) + shift, kLocalSignature);
}

// Settles where the directory begins: where the end record says, if an entry is there too. Else it
// ends at the end records as a rule, so its length tells its place, and by how much it was shifted
// when bytes were put before the archive.
bool PlaceDirectory(Bytes file, DirectoryPlace& place) {
  if (place.declared_bytes == 0 && place.declared_entries == 0) {
    place.offset = place.limit;
    return true;
  }
  const bool declared = place.declared_offset <= place.limit &&
                        SignatureAt(file, place.declared_offset, kCentralSignature);
  place.offset = place.declared_offset;
  if (declared && FirstEntryFits(file, place.declared_offset, 0)) return true;
  if (place.declared_bytes <= place.limit) {
    const uint64_t at = place.limit - place.declared_bytes;
    if (SignatureAt(file, at, kCentralSignature)) {
      place.offset = at;
      place.shift = at - std::min(at, place.declared_offset);
      return true;
    }
  }
  return declared;
}

}  // namespace

absl::StatusOr<DirectoryPlace> FindDirectory(Bytes file) {
  std::optional<DirectoryPlace> with_bytes_behind;
  std::optional<DirectoryPlace> empty;
  bool split = false;
  bool broken = false;
  if (file.size() >= kEndBytes) {
    const uint64_t last = file.size() - kEndBytes;
    const uint64_t first = last - std::min(last, kMaxComment);
    for (uint64_t at = last + 1; at-- > first;) {
      if (U32(file, at) != kEndSignature) continue;
      std::optional<Candidate> found = ReadEnd(file, at);
      if (!found.has_value()) continue;
      split = split || found->split;
      if (found->split) continue;
      broken = true;
      if (!PlaceDirectory(file, found->place)) continue;
      if (found->place.offset == found->place.limit) {
        if (!empty.has_value()) empty = found->place;
      } else if (found->exact) {
        return found->place;
      } else if (!with_bytes_behind.has_value()) {
        with_bytes_behind = found->place;
      }
    }
  }
  if (with_bytes_behind.has_value()) return *with_bytes_behind;
  if (empty.has_value()) return *empty;
  if (broken) return absl::InvalidArgumentError("a ZIP archive whose directory is broken");
  if (split) return absl::InvalidArgumentError("one part of a split ZIP archive");
  return absl::InvalidArgumentError("a ZIP archive without its end");
}

}  // namespace cbzfs::archive
