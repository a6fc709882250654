#include "codecs/zip/file_archive.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

// Copies what of `bytes`, which stand at `start` of the archive, the piece has.
void CopyOverlap(std::string_view bytes, uint64_t start, const Piece& piece, char* out) {
  const uint64_t begin = std::max(start, piece.offset);
  const uint64_t end = std::min(start + bytes.size(), piece.offset + piece.size);
  if (begin < end) std::memcpy(out + (begin - piece.offset), &bytes[begin - start], end - begin);
}

uint64_t RecordBytes(const ArchivedFile& file, uint64_t offset) {
  return kCentralRecordBytes + file.name.size() +
         (OffsetNeedsZip64(offset) ? kZip64ExtraBytes : 0);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const FileArchive>> FileArchive::Create(
    std::vector<ArchivedFile> files) {
  for (const ArchivedFile& file : files) {
    if (file.bytes > kMaxBytes) {
      return absl::OutOfRangeError(absl::StrCat("a file of 4 GiB or more: ", file.name));
    }
    if (file.name.empty() || file.name.size() > kMaxNameBytes) {
      return absl::InvalidArgumentError("a file with an impossible name");
    }
  }
  return std::shared_ptr<const FileArchive>(new FileArchive(std::move(files)));
}

FileArchive::FileArchive(std::vector<ArchivedFile> files) : files_(std::move(files)) {
  uint64_t at = 0;
  uint64_t record = 0;
  offsets_.reserve(files_.size() + 1);
  records_at_.reserve(files_.size() + 1);
  for (const ArchivedFile& file : files_) {
    offsets_.push_back(at);
    records_at_.push_back(record);
    record += RecordBytes(file, at);
    at += kLocalHeaderBytes + file.name.size() + file.bytes;
  }
  offsets_.push_back(at);
  records_at_.push_back(record);
  size_ = at + record + kEndRecordBytes + (EndNeedsZip64(End()) ? kZip64EndBytes : 0);
}

ZipEnd FileArchive::End() const {
  return {.entries = files_.size(),
          .directory_offset = offsets_.back(),
          .directory_bytes = records_at_.back(),
          .comment = ""};
}

ZipEntry FileArchive::Record(uint32_t file, uint32_t crc) const {
  const auto bytes = static_cast<uint32_t>(files_[file].bytes);
  return {.name = files_[file].name,
          .crc = crc,
          .stored_bytes = bytes,
          .bytes = bytes,
          .offset = offsets_[file]};
}

std::vector<Piece> FileArchive::Map(uint64_t offset, uint64_t size) const {
  std::vector<Piece> pieces;
  if (offset >= size_ || size == 0) return pieces;
  const uint64_t end = offset + std::min(size, size_ - offset);
  // [from, to) of the archive, which begins `at`.
  const auto add = [&](Piece::Kind kind, size_t entry, uint64_t at, uint64_t bytes) {
    const uint64_t from = std::max(offset, at);
    const uint64_t to = std::min(end, at + bytes);
    if (from >= to) return;
    pieces.push_back({.kind = kind,
                      .offset = from,
                      .size = to - from,
                      .source_offset = kind == Piece::Kind::kSource ? from - at : 0,
                      .page = static_cast<uint32_t>(entry)});
  };
  auto entry = static_cast<size_t>(std::upper_bound(offsets_.begin(), offsets_.end(), offset) -
                                   offsets_.begin()) -
               1;
  for (; entry < files_.size() && offsets_[entry] < end; ++entry) {
    const uint64_t header = kLocalHeaderBytes + files_[entry].name.size();
    add(Piece::Kind::kLiteral, entry, offsets_[entry], header);
    add(Piece::Kind::kSource, entry, offsets_[entry] + header, files_[entry].bytes);
  }
  add(Piece::Kind::kLiteral, files_.size(), offsets_.back(), size_ - offsets_.back());
  return pieces;
}

FileArchive::Range FileArchive::RecordsIn(const Piece& piece) const {
  const uint64_t from = piece.offset - offsets_.back();
  const auto begin = records_at_.begin();
  const auto end = std::prev(records_at_.end());
  // The first record that ends behind the piece's beginning; the first that begins at its end.
  const auto first = std::upper_bound(std::next(begin), records_at_.end(), from) - 1;
  const auto last = std::lower_bound(begin, end, from + piece.size);
  const auto index = [&](auto at) { return static_cast<uint32_t>(at - begin); };
  return {std::min(index(first), index(last)), index(last)};
}

std::vector<uint32_t> FileArchive::CrcsIn(const Piece& piece) const {
  if (piece.page < files_.size()) return {piece.page};
  std::vector<uint32_t> files;
  const Range records = RecordsIn(piece);
  for (uint32_t file = records.first; file < records.last; ++file) files.push_back(file);
  return files;
}

void FileArchive::ReadLiteral(const Piece& piece, CrcOf crc, char* out) const {
  if (piece.page < files_.size()) {
    return CopyOverlap(LocalHeader(Record(piece.page, crc(piece.page))), offsets_[piece.page],
                       piece, out);
  }
  const Range records = RecordsIn(piece);
  for (uint32_t file = records.first; file < records.last; ++file) {
    CopyOverlap(CentralRecord(Record(file, crc(file))), offsets_.back() + records_at_[file], piece,
                out);
  }
  CopyOverlap(EndRecords(End()), offsets_.back() + records_at_.back(), piece, out);
}

}  // namespace cbzfs
