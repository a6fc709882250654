// A real comic archive (ZIP, CBZ), read without trust.
//
// The worker's: the file is a mapping of hostile bytes that may change or end at any time (SIGBUS;
// only ever in the worker). What was checked is remembered and used from memory.
//
// One thread.

#ifndef CBZFS_CODECS_ARCHIVE_ARCHIVE_H_
#define CBZFS_CODECS_ARCHIVE_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/archive/entry_data.h"
#include "codecs/archive/legacy_charsets.h"
#include "codecs/archive/zip_directory.h"
#include "codecs/document/document.h"

namespace cbzfs {

// What a reader of comics wants of an entry.
enum class EntryClass : uint8_t {
  kDropped,  // a folder, or rubbish that systems and scene groups leave in archives
  kImage,    // an image by its name
  kOther,    // to be handed on as it is
};

// By a path as SafePath() gives it: __MACOSX, names that begin with "._", .DS_Store, *.nfo, *.sfv,
// *.db (Thumbs.db) are dropped, in any case of letters (but __MACOSX).
EntryClass ClassifyName(std::string_view path,
                        absl::FunctionRef<bool(std::string_view)> is_image_name);

// The entry as a Document has it. `name`: of Archive::Members(). The page beside it has the data
// range: source_offset = entry.data_offset, source_bytes = entry.compressed_bytes.
ArchiveEntry ToDocumentEntry(const ZipDirectoryEntry& entry, uint32_t index, std::string name);

class Archive {
 public:
  // An entry that is not dropped.
  struct Member {
    uint32_t index = 0;  // into entries()
    std::string name;    // as ArchiveEntry::name
    bool image = false;
  };

  // `file` must outlive the archive. kInvalidArgument: no ZIP archive, or one without a directory;
  // kResourceExhausted: over the limits of zip_directory.h. Messages are one line, fit for the
  // user, without the file's name: "a RAR archive, not a ZIP archive".
  static absl::StatusOr<std::unique_ptr<Archive>> Open(absl::Span<const uint8_t> file);

  // All of the central directory, in its order. Indexes below are into this.
  const std::vector<ZipDirectoryEntry>& entries() const { return directory_.entries; }
  // What is wrong with the directory as a whole; few lines, fit for the user.
  const std::vector<std::string>& notes() const { return directory_.notes; }

  // The entries that are kept, in order, with safe and unique names; a top folder that they all
  // share is left out.
  std::vector<Member> Members(const LegacyCharsets& charsets,
                              absl::FunctionRef<bool(std::string_view)> is_image_name) const;

  // The same for the entries of any archive, of which only names and attributes are looked at.
  static std::vector<Member> MembersOf(absl::Span<const ZipDirectoryEntry> entries,
                                       const LegacyCharsets& charsets,
                                       absl::FunctionRef<bool(std::string_view)> is_image_name);

  // Whether the entry's data can be read, as far as the headers tell; else why not.
  // kPermissionDenied: encrypted; kUnimplemented: an unknown method; kDataLoss: a lie.
  absl::Status Verdict(size_t index) const;

  // The whole data, its length and CRC-32 as declared. Statuses of Verdict() and DecodeEntry().
  absl::StatusOr<std::string> Read(size_t index, uint64_t max_bytes) const;

  // As DecodeEntryHead(), after Verdict().
  absl::StatusOr<std::string> ReadHead(size_t index, size_t size) const;

  // The data of a stored entry, in the mapping; its CRC-32 is not checked. kFailedPrecondition
  // when it is not stored; else Verdict().
  absl::StatusOr<absl::Span<const uint8_t>> StoredData(size_t index) const;
  // Whether it is as declared; of an entry that StoredData() gives.
  bool StoredCrcIsRight(size_t index) const;

 private:
  Archive(absl::Span<const uint8_t> file, ZipDirectory directory)
      : file_(file), directory_(std::move(directory)) {}

  // Of an entry with a data range.
  CodedEntry Coded(size_t index) const;

  const absl::Span<const uint8_t> file_;
  const ZipDirectory directory_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ARCHIVE_ARCHIVE_H_
