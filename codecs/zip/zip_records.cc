#include "codecs/zip/zip_records.h"

#include <algorithm>

#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

constexpr uint64_t kFull16 = 0xFFFF;
constexpr uint64_t kFull32 = 0xFFFFFFFF;
constexpr uint16_t kVersionPlain = 10;
constexpr uint16_t kVersionDeflate = 20;  // and traditional encryption
constexpr uint16_t kVersionZip64 = 45;
constexpr uint16_t kVersionAes = 51;
constexpr uint16_t kMadeByUnix = 3 << 8 | 30;
constexpr uint16_t kUtf8Flag = 1 << 11;
constexpr uint32_t kRegularFile = 0100644u << 16;

// Appends little-endian numbers.
class Record {
 public:
  explicit Record(uint32_t signature) { U32(signature); }
  Record& U16(uint64_t value) { return Append(value, 2); }
  Record& U32(uint64_t value) { return Append(value, 4); }
  Record& U64(uint64_t value) { return Append(value, 8); }
  Record& Text(const std::string& text) {
    bytes_ += text;
    return *this;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  Record& Append(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
    return *this;
  }
  std::string bytes_;
};

uint16_t FlagsFor(const std::string& name) {
  const bool ascii =
      std::all_of(name.begin(), name.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
  return !ascii && IsValidUtf8(name) ? kUtf8Flag : 0;
}

uint16_t VersionFor(const ZipEntry& entry) {
  if (entry.method == kAesMethod) return kVersionAes;
  if (OffsetNeedsZip64(entry.offset)) return kVersionZip64;
  return entry.method == 0 && entry.flags == 0 ? kVersionPlain : kVersionDeflate;
}

// The part that both headers of an entry share: version needed to lengths of name and extra field.
void AppendCommon(Record& record, const ZipEntry& entry, uint64_t extra_bytes) {
  record.U16(VersionFor(entry))
      .U16(FlagsFor(entry.name) | entry.flags)
      .U16(entry.method)
      .U32(entry.dos_time)
      .U32(entry.crc)
      .U32(entry.stored_bytes)
      .U32(entry.bytes)
      .U16(entry.name.size())
      .U16(extra_bytes);
}

}  // namespace

bool OffsetNeedsZip64(uint64_t offset) { return offset >= kFull32; }

bool EndNeedsZip64(const ZipEnd& end) {
  return end.entries > kFull16 || end.directory_offset >= kFull32 || end.directory_bytes >= kFull32;
}

std::string LocalHeader(const ZipEntry& entry) {
  Record record(0x04034B50);
  AppendCommon(record, entry, entry.extra.size());
  return record.Text(entry.name).Text(entry.extra).Take();
}

std::string DataDescriptor(const ZipEntry& entry) {
  return Record(0x08074B50).U32(entry.crc).U32(entry.stored_bytes).U32(entry.bytes).Take();
}

std::string CentralRecord(const ZipEntry& entry) {
  const bool zip64 = OffsetNeedsZip64(entry.offset);
  Record record(0x02014B50);
  record.U16(kMadeByUnix);
  AppendCommon(record, entry, entry.extra.size() + (zip64 ? kZip64ExtraBytes : 0));
  record
      .U16(0)  // comment
      .U16(0)  // disk
      .U16(0)  // internal attributes
      .U32(kRegularFile)
      .U32(zip64 ? kFull32 : entry.offset)
      .Text(entry.name)
      .Text(entry.extra);
  // Only the number that does not fit stands in the extra field (APPNOTE 4.5.3).
  if (zip64) record.U16(1).U16(8).U64(entry.offset);
  return record.Take();
}

std::string EndRecords(const ZipEnd& end) {
  std::string zip64;
  if (EndNeedsZip64(end)) {
    zip64 = Record(0x06064B50)
                .U64(56 - 12)  // of what follows
                .U16(3 << 8 | kVersionZip64)
                .U16(kVersionZip64)
                .U32(0)
                .U32(0)
                .U64(end.entries)
                .U64(end.entries)
                .U64(end.directory_bytes)
                .U64(end.directory_offset)
                .Take();
    zip64 +=
        Record(0x07064B50).U32(0).U64(end.directory_offset + end.directory_bytes).U32(1).Take();
  }
  return zip64 + Record(0x06054B50)
                     .U16(0)
                     .U16(0)
                     .U16(std::min(end.entries, kFull16))
                     .U16(std::min(end.entries, kFull16))
                     .U32(std::min(end.directory_bytes, kFull32))
                     .U32(std::min(end.directory_offset, kFull32))
                     .U16(static_cast<uint16_t>(end.comment.size()))
                     .Take() +
         end.comment;
}

}  // namespace cbzfs
