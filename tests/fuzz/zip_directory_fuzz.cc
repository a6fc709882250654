// A ZIP archive's central directory, and the names of what is in it: Archive::Open() and Members().

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "codecs/archive/archive.h"
#include "codecs/archive/legacy_charsets.h"
#include "codecs/document/archive_kind.h"
#include "codecs/document/document_codec.h"
#include "codecs/document/format_names.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs {
namespace {

void CheckEntry(const ZipDirectoryEntry& entry, uint64_t file_bytes) {
  if (entry.fault != EntryFault::kNone) {
    FUZZ_CHECK(entry.data_offset == 0);
    return;
  }
  FUZZ_CHECK(entry.header_offset < entry.data_offset && entry.data_offset <= file_bytes);
  FUZZ_CHECK(entry.compressed_bytes <= file_bytes - entry.data_offset);
}

// No two honest entries share a byte, so unpacking all of an archive costs what it is long.
void CheckNoOverlap(const std::vector<ZipDirectoryEntry>& entries) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const ZipDirectoryEntry& entry : entries) {
    if (entry.data_offset == 0) continue;
    ranges.emplace_back(entry.header_offset, entry.data_offset + entry.compressed_bytes);
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) {
    FUZZ_CHECK(ranges[i - 1].second <= ranges[i].first);
  }
}

void CheckMembers(const Archive& archive, uint64_t file_bytes) {
  static const std::unique_ptr<const LegacyCharsets> charsets = *LegacyCharsets::Load();
  const auto members = archive.Members(*charsets, HasImageExtension);
  std::vector<ArchiveEntry> named;
  for (const Archive::Member& member : members) {
    FUZZ_CHECK(member.index < archive.entries().size());
    const ZipDirectoryEntry& entry = archive.entries()[member.index];
    named.push_back(ToDocumentEntry(entry, member.index, member.name));
    const absl::Status verdict = archive.Verdict(member.index);
    FUZZ_CHECK(fuzz::IsOneLine({verdict.message().data(), verdict.message().size()}));
    const auto stored = archive.StoredData(member.index);
    if (!stored.ok()) continue;
    FUZZ_CHECK(verdict.ok() && stored->size() == entry.compressed_bytes);
    FUZZ_CHECK(stored->size() <= file_bytes);
    archive.StoredCrcIsRight(member.index);
  }
  FUZZ_CHECK(CheckEntryNames(named).ok());
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  const absl::Span<const uint8_t> file(data, size);
  SniffArchive(file);
  const auto archive = Archive::Open(file);
  if (!archive.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(archive.status()) ||
               absl::IsResourceExhausted(archive.status()));
    const auto message = archive.status().message();
    FUZZ_CHECK(fuzz::IsOneLine({message.data(), message.size()}));
    return 0;
  }
  for (const ZipDirectoryEntry& entry : (*archive)->entries()) CheckEntry(entry, size);
  CheckNoOverlap((*archive)->entries());
  for (const std::string& note : (*archive)->notes()) FUZZ_CHECK(fuzz::IsOneLine(note));
  CheckMembers(**archive, size);
  return 0;
}
