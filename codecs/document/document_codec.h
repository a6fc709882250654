// Document <-> bytes: for the memfd a worker answers in and for the index's rows.
//
// The bytes are a Protocol Buffers message (document.proto) preceded by nothing. They come from a
// worker or from a file on disk, so decoding trusts nothing: every number is range-checked, and a
// Document that comes out can be laid out without a further check. What that means:
//
//   pages          1 to kMaxPages; width and height 1 to kMaxPageSide; dpi finite and not negative
//   kDrawn         width * height at most kMaxPagePixels (it is what a worker will allocate)
//   kDrawn, kExtracted   payload_bytes at most kMaxPayloadBytes; the source fields are not looked
//   at kOriginal      source_bytes 2 to kMaxOriginalBytes, the range inside the source; insert -1
//   or a
//                  valid index, then insert_at 2 to source_bytes (after the SOI, before the EOI)
//   inserts        each at most kMaxInsertBytes
//   strings        valid UTF-8, at most kMaxInfoBytes, no byte below 0x20 and no 0x7F
//
// Any thread.

#ifndef CBZFS_CODECS_DOCUMENT_DOCUMENT_CODEC_H_
#define CBZFS_CODECS_DOCUMENT_DOCUMENT_CODEC_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "codecs/document/document.h"

namespace cbzfs {

inline constexpr uint32_t kMaxPages = 1'000'000;
inline constexpr uint32_t kMaxPayloadBytes = 1u << 30;
// Entries stay below 4 GiB, so that no local header ever needs ZIP64 (clients.md, I).
inline constexpr uint64_t kMaxOriginalBytes = 3ull << 30;
// An ICC profile in APP2 segments: at most 255 of 65 537 bytes (ICC.1:2010, annex B.4).
inline constexpr uint64_t kMaxInsertBytes = 255 * 65'537;
inline constexpr uint64_t kMaxInfoBytes = 1024;

std::string EncodeDocument(const Document& document);

// `source_bytes` is the size of the source file: ranges outside it are refused.
// kDataLoss when the bytes are no Document or one of its numbers is impossible.
absl::StatusOr<Document> DecodeDocument(std::string_view bytes, uint64_t source_bytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_DOCUMENT_CODEC_H_
