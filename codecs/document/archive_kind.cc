#include "codecs/document/archive_kind.h"

#include <string_view>

namespace cbzfs {
namespace {

using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls): by the literals

// Where POSIX 1003.1-1988 and GNU tar have "ustar".
constexpr size_t kTarMagicAt = 257;

}  // namespace

ArchiveKind SniffArchive(absl::Span<const uint8_t> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  // An entry, an empty archive's end record, and the marker of an archive that was once split
  // (APPNOTE 6.3.10, 8.5.4).
  for (const std::string_view start : {"PK\3\4"sv, "PK\5\6"sv, "PK\7\10"sv, "PK00PK\3\4"sv}) {
    if (text.starts_with(start)) return ArchiveKind::kZip;
  }
  if (text.starts_with("Rar!\x1A\7\0"sv)) return ArchiveKind::kRar;
  if (text.starts_with("Rar!\x1A\7\1\0"sv)) return ArchiveKind::kRar5;
  if (text.starts_with("7z\xBC\xAF\x27\x1C"sv)) return ArchiveKind::k7z;
  if (text.size() > kTarMagicAt && text.substr(kTarMagicAt).starts_with("ustar"sv)) {
    return ArchiveKind::kTar;
  }
  for (const std::string_view start : {"\x1F\x8B\x08"sv, "BZh"sv,
                                       "\xFD"
                                       "7zXZ\0"sv,
                                       "\x28\xB5\x2F\xFD"sv, "\x5D\0\0"sv}) {
    if (text.starts_with(start)) return ArchiveKind::kCompressed;
  }
  return ArchiveKind::kOther;
}

const char* Describe(ArchiveKind kind) {
  switch (kind) {
    case ArchiveKind::kZip:
      return "a ZIP archive";
    case ArchiveKind::kRar:
    case ArchiveKind::kRar5:
      return "a RAR archive";
    case ArchiveKind::k7z:
      return "a 7z archive";
    case ArchiveKind::kTar:
      return "a tar archive";
    case ArchiveKind::kCompressed:
      return "a compressed tar archive";
    case ArchiveKind::kOther:
      break;
  }
  return "no archive";
}

}  // namespace cbzfs
