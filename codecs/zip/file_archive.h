// A ZIP archive of files as they are: its exact size, and where each of its bytes comes from, by
// the names and lengths of the files alone.
//
//   | local header | data | local header | data | ... | central directory | end records |
//
// All entries are stored, in the given order, without gaps (zip_records.h says what programs want).
// Their CRC-32s are not needed before somebody reads a header: CrcsIn() says which.
//
// Immutable after construction: any thread.

#ifndef CBZFS_CODECS_ZIP_FILE_ARCHIVE_H_
#define CBZFS_CODECS_ZIP_FILE_ARCHIVE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "codecs/zip/piece.h"
#include "codecs/zip/zip_records.h"

namespace cbzfs {

struct ArchivedFile {
  std::string name;
  uint64_t bytes = 0;
};

class FileArchive {
 public:
  // What one entry may have at most: one byte more would mean ZIP64, which many programs cannot
  // read.
  static constexpr uint64_t kMaxBytes = 0xFFFFFFFE;
  static constexpr uint64_t kMaxNameBytes = 65'000;

  // kOutOfRange for a file of more than kMaxBytes; kInvalidArgument for an impossible name.
  static absl::StatusOr<std::shared_ptr<const FileArchive>> Create(std::vector<ArchivedFile> files);

  uint64_t size() const { return size_; }
  const std::vector<ArchivedFile>& files() const { return files_; }

  // The pieces that cover [offset, offset + size), clipped to it and to the archive, in order. Of a
  // kSource piece `page` is the file and `source_offset` the place in it. A kLiteral one lies in
  // the local header of the file `page`, or in what follows all files where that is their number.
  std::vector<Piece> Map(uint64_t offset, uint64_t size) const;

  // The files whose CRC-32 the literal piece takes.
  std::vector<uint32_t> CrcsIn(const Piece& piece) const;

  // The bytes of a literal piece. `crc` is asked for those of CrcsIn().
  using CrcOf = absl::FunctionRef<uint32_t(uint32_t file)>;
  void ReadLiteral(const Piece& piece, CrcOf crc, char* out) const;

 private:
  explicit FileArchive(std::vector<ArchivedFile> files);

  ZipEntry Record(uint32_t file, uint32_t crc) const;
  ZipEnd End() const;
  // The files whose records in the directory overlap the piece, as [first, last).
  struct Range {
    uint32_t first = 0;
    uint32_t last = 0;
  };
  Range RecordsIn(const Piece& piece) const;

  const std::vector<ArchivedFile> files_;
  std::vector<uint64_t> offsets_;     // of the local headers, and of the directory
  std::vector<uint64_t> records_at_;  // in the directory, and its length
  uint64_t size_ = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_FILE_ARCHIVE_H_
