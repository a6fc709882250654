// Document <-> bytes: for the memfd a worker answers in and for the index's rows.
//
// The bytes are a Protocol Buffers message (document.proto) preceded by nothing. They come from a
// worker or from a file on disk, so decoding trusts nothing: every number is range-checked, and a
// Document that comes out can be laid out without a further check.
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

std::string EncodeDocument(const Document& document);

// `source_bytes` is the size of the source file: ranges outside it are refused.
// kDataLoss when the bytes are no Document or one of its numbers is impossible.
absl::StatusOr<Document> DecodeDocument(std::string_view bytes, uint64_t source_bytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_DOCUMENT_CODEC_H_
