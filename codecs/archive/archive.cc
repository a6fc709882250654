#include "codecs/archive/archive.h"

#include <libdeflate.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "codecs/archive/entry_names.h"
#include "codecs/archive/name_decode.h"
#include "codecs/document/archive_kind.h"

namespace cbzfs {
namespace {

constexpr uint16_t kStored = 0;

const char* Describe(EntryFault fault) {
  switch (fault) {
    case EntryFault::kZip64:
      return "its size or place is missing in the archive's directory";
    case EntryFault::kOutside:
      return "its data would lie outside the archive";
    case EntryFault::kLocalHeader:
      return "it is not where the archive's directory says";
    case EntryFault::kOverlap:
      return "its data overlap those of another entry";
    case EntryFault::kDiffers:
      return "the archive's directory contradicts the entry's own header";
    case EntryFault::kNone:
      break;
  }
  return "";
}

bool EndsWithIgnoreCase(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         std::equal(end.begin(), end.end(), text.end() - end.size(), [](char a, char b) {
           return absl::ascii_tolower(static_cast<unsigned char>(a)) ==
                  absl::ascii_tolower(static_cast<unsigned char>(b));
         });
}

}  // namespace

EntryClass ClassifyName(std::string_view path,
                        absl::FunctionRef<bool(std::string_view)> is_image_name) {
  std::string_view last = path;
  for (size_t begin = 0; begin != std::string_view::npos;) {
    const size_t slash = path.find('/', begin);
    last = path.substr(begin, slash - begin);
    if (last == "__MACOSX" || last.starts_with("._")) return EntryClass::kDropped;
    begin = slash == std::string_view::npos ? slash : slash + 1;
  }
  for (const std::string_view end : {".nfo", ".sfv", ".db", ".ds_store"}) {
    if (EndsWithIgnoreCase(last, end)) return EntryClass::kDropped;
  }
  return is_image_name(last) ? EntryClass::kImage : EntryClass::kOther;
}

ArchiveEntry ToDocumentEntry(const ZipDirectoryEntry& entry, uint32_t index, std::string name) {
  return {.name = std::move(name),
          .index = index,
          .method = entry.method,
          .flags = entry.flags,
          .dos_time = entry.dos_time,
          .crc = entry.crc,
          .bytes = entry.bytes,
          .extra = entry.aes_extra};
}

absl::StatusOr<std::unique_ptr<Archive>> Archive::Open(absl::Span<const uint8_t> file) {
  // A stored ZIP at the end of another archive would be found in it.
  const ArchiveKind kind = SniffArchive(file);
  if (kind != ArchiveKind::kZip && kind != ArchiveKind::kOther) {
    return absl::InvalidArgumentError(absl::StrCat(Describe(kind), ", not a ZIP archive"));
  }
  absl::StatusOr<ZipDirectory> directory = ReadZipDirectory(file);
  if (directory.ok()) return std::unique_ptr<Archive>(new Archive(file, *std::move(directory)));
  if (kind == ArchiveKind::kOther && absl::IsInvalidArgument(directory.status())) {
    return absl::InvalidArgumentError("no ZIP, RAR, 7z or tar archive");
  }
  return directory.status();
}

std::vector<Archive::Member> Archive::Members(
    const LegacyCharsets& charsets, absl::FunctionRef<bool(std::string_view)> is_image_name) const {
  return MembersOf(entries(), charsets, is_image_name);
}

std::vector<Archive::Member> Archive::MembersOf(
    absl::Span<const ZipDirectoryEntry> entries, const LegacyCharsets& charsets,
    absl::FunctionRef<bool(std::string_view)> is_image_name) {
  const std::vector<std::string> decoded = DecodeEntryNames(entries, charsets);
  std::vector<Member> members;
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < entries.size(); ++i) {
    if (entries[i].folder()) continue;
    std::string path = SafePath(decoded[i], entries[i].from_dos());
    const EntryClass kept = ClassifyName(path, is_image_name);
    if (kept == EntryClass::kDropped) continue;
    members.push_back({i, {}, kept == EntryClass::kImage});
    paths.push_back(std::move(path));
  }
  FlattenPaths(&paths);
  MakePathsUnique(&paths);
  for (size_t i = 0; i < members.size(); ++i) members[i].name = std::move(paths[i]);
  return members;
}

absl::Status Archive::Verdict(size_t index) const {
  if (index >= entries().size()) return absl::InvalidArgumentError("no such entry");
  const ZipDirectoryEntry& entry = entries()[index];
  if (entry.fault != EntryFault::kNone) return absl::DataLossError(Describe(entry.fault));
  if (entry.encrypted()) return absl::PermissionDeniedError("encrypted");
  if (absl::Status status = CheckMethod(entry.method); !status.ok()) return status;
  if (entry.method == kStored && entry.bytes != entry.compressed_bytes) {
    return absl::DataLossError("its data are not as long as declared");
  }
  return absl::OkStatus();
}

CodedEntry Archive::Coded(size_t index) const {
  const ZipDirectoryEntry& entry = entries()[index];
  return {.data = file_.subspan(entry.data_offset, entry.compressed_bytes),
          .method = entry.method,
          .flags = entry.flags,
          .crc = entry.crc,
          .bytes = entry.bytes};
}

absl::StatusOr<std::string> Archive::Read(size_t index, uint64_t max_bytes) const {
  if (absl::Status status = Verdict(index); !status.ok()) return status;
  return DecodeEntry(Coded(index), max_bytes);
}

absl::StatusOr<std::string> Archive::ReadHead(size_t index, size_t size) const {
  if (absl::Status status = Verdict(index); !status.ok()) return status;
  return DecodeEntryHead(Coded(index), size);
}

bool Archive::StoredCrcIsRight(size_t index) const {
  const absl::Span<const uint8_t> data = Coded(index).data;
  return libdeflate_crc32(0, data.data(), data.size()) == entries()[index].crc;
}

absl::StatusOr<absl::Span<const uint8_t>> Archive::StoredData(size_t index) const {
  if (absl::Status status = Verdict(index); !status.ok()) return status;
  if (entries()[index].method != kStored) {
    return absl::FailedPreconditionError("not stored as it is");
  }
  return Coded(index).data;
}

}  // namespace cbzfs
