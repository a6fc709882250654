#include "codecs/packed/packed_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <time.h>

#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codecs/document/archive_kind.h"
#include "codecs/packed/volumes.h"

namespace cbzfs {
namespace {

// 1980-01-01, where that calendar begins.
constexpr uint32_t kFirstDosTime = (1u << 5 | 1u) << 16;

uint32_t DosTime(archive_entry* entry) {
  if (archive_entry_mtime_is_set(entry) == 0) return kFirstDosTime;
  const time_t seconds = archive_entry_mtime(entry);
  struct tm t;
  if (gmtime_r(&seconds, &t) == nullptr || t.tm_year < 80 || t.tm_year > 207) return kFirstDosTime;
  const auto date = static_cast<uint32_t>((t.tm_year - 80) << 9 | (t.tm_mon + 1) << 5 | t.tm_mday);
  return date << 16 | static_cast<uint32_t>(t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec / 2);
}

// What the archive has as bytes comes as those bytes, whatever they mean; the rest as UTF-8.
std::string NameOf(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) name = archive_entry_pathname_utf8(entry);
  return name == nullptr ? "_" : name;
}

bool IsLink(archive_entry* entry) { return archive_entry_hardlink(entry) != nullptr; }

// Folders, symbolic links and the like are none, as in a ZIP.
bool IsFile(archive_entry* entry) {
  return archive_entry_filetype(entry) == AE_IFREG || IsLink(entry);
}

// A filter that this libarchive would start a program for is none (ARCHIVE_WARN).
void AllowFilters(archive* reader) {
  for (const auto allow : {archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
                           archive_read_support_filter_xz, archive_read_support_filter_lzma,
                           archive_read_support_filter_zstd}) {
    allow(reader);
  }
}

}  // namespace

bool PackedReader::UseUtf8Names() {
  return setlocale(LC_CTYPE, "C.UTF-8") != nullptr &&
         std::string_view(nl_langinfo(CODESET)) == "UTF-8";
}

PackedReader::PackedReader(absl::Span<const uint8_t> file, bool in_one_stream)
    : file_(file), in_one_stream_(in_one_stream), archive_(archive_read_new()) {}

PackedReader::~PackedReader() { archive_read_free(archive_); }

absl::StatusOr<std::unique_ptr<PackedReader>> PackedReader::Open(absl::Span<const uint8_t> file) {
  const ArchiveKind kind = SniffArchive(file);
  if (!IsPacked(kind)) return absl::InvalidArgumentError(Describe(kind));
  const RarTraits traits = TraitsOfRar(file);
  if (traits.volume) {
    return absl::InvalidArgumentError(
        "one of several parts of a split RAR archive: shown as it is");
  }
  if (traits.encrypted) return absl::PermissionDeniedError("encrypted");
  const bool filtered = kind == ArchiveKind::kCompressed;
  const bool in_one_stream = filtered || kind == ArchiveKind::k7z || traits.solid;
  std::unique_ptr<PackedReader> reader(new PackedReader(file, in_one_stream));
  if (absl::Status status = reader->Start(filtered); !status.ok()) return status;
  return reader;
}

absl::Status PackedReader::Start(bool filtered) {
  if (archive_ == nullptr) return absl::ResourceExhaustedError("memory ended");
  archive_read_support_format_tar(archive_);
  if (filtered) {
    AllowFilters(archive_);
  } else {
    archive_read_support_format_rar(archive_);
    archive_read_support_format_rar5(archive_);
    archive_read_support_format_7zip(archive_);
  }
  if (archive_read_open_memory(archive_, file_.data(), file_.size()) != ARCHIVE_OK) {
    return Failure();
  }
  open_ = true;
  return absl::OkStatus();
}

absl::Status PackedReader::Failure() const {
  const char* said = archive_error_string(archive_);
  const std::string reason = said == nullptr ? "no reason known" : said;
  const std::string lower = absl::AsciiStrToLower(reason);
  // Before it is open, libarchive would ask a format that there is not.
  if ((open_ && archive_read_has_encrypted_entries(archive_) == 1) ||
      absl::StrContains(lower, "encrypt") || absl::StrContains(lower, "crypto")) {
    return absl::PermissionDeniedError("encrypted");
  }
  if (archive_errno(archive_) == ENOMEM || absl::StrContains(lower, "allocate")) {
    return absl::ResourceExhaustedError("not enough memory to unpack it");
  }
  const char* const kind = Describe(SniffArchive(file_));
  for (const char* const lack : {"unsupported", "not supported", "support unavailable"}) {
    if (absl::StrContains(lower, lack)) {
      return absl::UnimplementedError(
          absl::StrCat(kind, " packed in a way which cannot be read (", reason, ")"));
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(kind, " that is damaged (", reason, ")"));
}

absl::StatusOr<const PackedEntry*> PackedReader::Next() {
  archive_entry* entry = nullptr;
  do {
    const int result = archive_read_next_header(archive_, &entry);
    if (result == ARCHIVE_EOF) return nullptr;
    // A warning is about times or owners, or a name, for which there is another way.
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return Failure();
  } while (!IsFile(entry));
  if (files_ == kMaxPackedEntries) {
    return absl::OutOfRangeError(absl::StrCat("more than ", kMaxPackedEntries, " entries"));
  }
  entry_ = {.index = files_++, .name = NameOf(entry), .dos_time = DosTime(entry)};
  unpacked_of_entry_ = 0;
  declared_ = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : -1;
  // Its bytes are those of another entry, perhaps of one before it in the stream.
  if (IsLink(entry)) {
    return absl::UnimplementedError(
        absl::StrCat(entry_.name, ": only a link to another entry, which cannot be read"));
  }
  if (archive_entry_is_encrypted(entry) != 0) return absl::PermissionDeniedError("encrypted");
  return &entry_;
}

absl::StatusOr<size_t> PackedReader::Read(char* out, size_t size) {
  const la_ssize_t got = archive_read_data(archive_, out, size);
  if (got < 0) return Failure();
  if (got == 0 && declared_ >= 0 && static_cast<uint64_t>(declared_) != unpacked_of_entry_) {
    return absl::InvalidArgumentError(
        absl::StrCat(Describe(SniffArchive(file_)), " that is damaged (an entry ends too early)"));
  }
  unpacked_of_entry_ += static_cast<uint64_t>(got);
  unpacked_ += static_cast<uint64_t>(got);
  if (unpacked_of_entry_ > kMaxPackedEntryBytes) {
    return absl::OutOfRangeError("an entry of more than 1 GiB");
  }
  if (unpacked_ > kMaxUnpackedBytes &&
      (unpacked_ - kMaxUnpackedBytes) / kMaxUnpackedRatio > file_.size()) {
    return absl::OutOfRangeError(
        absl::StrCat("unpacks to more than ", kMaxUnpackedRatio, " times its size"));
  }
  return static_cast<size_t>(got);
}

}  // namespace cbzfs
