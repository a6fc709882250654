// Document <-> bytes: for the memfd a worker answers in and for the index's rows.
//
// The bytes are a Protocol Buffers message (document.proto) preceded by nothing. They come from a
// worker or from a file on disk, so decoding trusts nothing: every number is range-checked, and no
// user of a Document that comes out need check it again. What that means:
//
//   pages          1 to kMaxPages; width and height 1 to kMaxPageSide; dpi finite and not negative
//   all kinds      enhanced_bytes at most kMaxPayloadBytes, decode_bytes at most
//                  kMaxDecodeBytes; why_drawn one of WhyDrawn
//   kDrawn, kImage width * height at most kMaxPagePixels (it is what a worker will allocate)
//   all but kOriginal   payload_bytes at most kMaxPayloadBytes
//   kDrawn, kExtracted  the source fields are not looked at
//   kOriginal      source_bytes 2 to kMaxOriginalBytes, the range inside the source; insert -1 or a
//                  valid index, then insert_at 2 to source_bytes (after the SOI, before the EOI)
//   kImage, kRaw   the range inside the source; the insert fields are not looked at
//   kUnpacked      no range: both numbers 0
//   kRaw, kUnpacked  width and height 1, enhanced_bytes 0
//   inserts        each at most kMaxInsertBytes
//   metadata       as Metadata::IsClean() has it, each field once
//   marks          by rising page, none empty; texts printable, at most kMaxMarkText
//   notes' texts   valid UTF-8, at most kMaxInfoBytes, no byte below 0x20 and no 0x7F
//   notes          at most kMaxNotes; page an index into the pages or kWholeFile
//
// And of the document as a whole, which is one of three things:
//
//   a PDF          no entries; pages kDrawn, kOriginal and kExtracted
//   an image file  no entries; one page, kImage, whose range is the whole source
//   an archive     one entry for each page; pages kImage and kRaw (or, of one that is no ZIP,
//                  kImage without a range and kUnpacked), at least one of them kImage;
//                  names as CheckEntryNames() has them; entry bytes at most kMaxEntryBytes; extra
//                  empty or one well-formed field 0x9901 of at most kMaxEntryExtraBytes
//
// What remains to fail is the layout of an archive: an entry that is handed on as it is may be too
// long for a plain ZIP entry (Layout::Create, kOutOfRange).
//
// Any thread.

#ifndef CBZFS_CODECS_DOCUMENT_DOCUMENT_CODEC_H_
#define CBZFS_CODECS_DOCUMENT_DOCUMENT_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/document/document.h"

namespace cbzfs {

inline constexpr uint32_t kMaxPages = 1'000'000;
inline constexpr uint32_t kMaxPayloadBytes = 1u << 30;
// Entries stay below 4 GiB, so that no local header ever needs ZIP64 (clients.md, I).
inline constexpr uint64_t kMaxOriginalBytes = 3ull << 30;
// An ICC profile in APP2 segments: at most 255 of 65 537 bytes (ICC.1:2010, annex B.4).
inline constexpr uint64_t kMaxInsertBytes = 255ull * 65'537;
inline constexpr uint64_t kMaxInfoBytes = 1024;
inline constexpr uint64_t kMaxDecodeBytes = uint64_t{1} << 40;
inline constexpr uint64_t kMaxEntryBytes = uint64_t{1} << 62;
inline constexpr uint64_t kMaxEntryExtraBytes = 64;
// A directory record with its name should have at most 65 535 bytes (APPNOTE 4.4.10); what is left
// out is room for the record, its extra fields and another extension.
inline constexpr uint64_t kMaxEntryNameBytes = 65'000;
inline constexpr uint64_t kMaxEntryNamePartBytes = 255;
inline constexpr size_t kMaxNotes = 1000;

// Whether `name` obeys the contract of ArchiveEntry::name (document.h) as far as one name can, and
// has at most kMaxEntryNameBytes: each part between '/' has 1 to kMaxEntryNamePartBytes bytes and
// is neither "." nor "..". A name of a folder, which ends in '/', is none.
bool IsEntryName(std::string_view name);

// kDataLoss unless every name is one, no two are equal, and none is a folder of another ("a" and
// "a/b"): the archive can be unpacked. Linear in the bytes but for sorting.
absl::Status CheckEntryNames(const std::vector<ArchiveEntry>& entries);

std::string EncodeDocument(const Document& document);

// `source_bytes` is the size of the source file: ranges outside it are refused.
// kDataLoss when the bytes are no Document or one of its numbers is impossible.
absl::StatusOr<Document> DecodeDocument(std::string_view bytes, uint64_t source_bytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_DOCUMENT_CODEC_H_
