// What a virtual CBZ consists of, as the layout tells it and others fill it in. See layout.h.
//
// Plain values: any thread.

#ifndef CBZFS_CODECS_ZIP_PIECE_H_
#define CBZFS_CODECS_ZIP_PIECE_H_

#include <cstdint>

#include "codecs/document/page_format.h"

namespace cbzfs {

// A run of bytes of the virtual file with one origin.
struct Piece {
  enum class Kind : uint8_t {
    kLiteral,  // known now: read with Layout::ReadLiteral
    kSource,   // a range of the source file
    kBody,     // depends on a page's bytes: `page`, from `body_offset` of its body
  };
  Kind kind = Kind::kLiteral;
  uint64_t offset = 0;  // in the virtual file
  uint64_t size = 0;
  uint64_t source_offset = 0;  // kSource
  uint32_t page = 0;           // kBody and kSource (original and raw pages): index into the pages
  uint64_t body_offset = 0;    // kBody
};

// What the body of one page needs to be made: see body.h.
struct BodySpec {
  uint64_t body_bytes = 0;    // length of the body
  uint64_t max_payload = 0;   // the longest payload that fits (0 for an original page)
  uint32_t declared_crc = 0;  // CRC-32 of the whole entry's data
  uint32_t head_crc = 0;      // CRC-32 of the data before the body (0 for an original page)
  uint64_t head_bytes = 0;    // its length
  uint32_t tail_crc = 0;      // CRC-32 of the constant bytes after the body
  uint64_t tail_bytes = 0;    // their length; the EOI is among them
  PageFormat format = PageFormat::kJpeg;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_PIECE_H_
