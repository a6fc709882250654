// A run of filling of any length inside a page's image: it is made of zeros.
//
// Of a JPEG it is COM segments (ITU-T T.81, B.2.4.5), because all of 25 decoders and 9 readers
// tried skip them without a word, between the last scan and EOI as well as after SOI. Of WebP it is
// one chunk that no decoder knows (RFC 9649, 2.7.1.6), before the picture or behind it
// (tests/bench/calibrate/READERS.md has who was asked).
//
// Nothing is stored: any range is made when it is read. A plain value: any thread.

#ifndef CBZFS_CODECS_ZIP_PADDING_H_
#define CBZFS_CODECS_ZIP_PADDING_H_

#include <cstdint>

#include "absl/types/span.h"
#include "codecs/document/page_format.h"

namespace cbzfs {

class Padding {
 public:
  // Of a JPEG.
  static constexpr uint64_t kMaxSegment = 65'537;

  // The shortest run that is one.
  static constexpr uint64_t Least(PageFormat format) {
    return format == PageFormat::kWebp ? 8 : 4;
  }
  // All lengths are multiples of this.
  static constexpr uint64_t Unit(PageFormat format) { return format == PageFormat::kWebp ? 2 : 1; }

  // `bytes` is 0 (nothing at all) or at least Least() + `free`, and a multiple of Unit(). The last
  // `free` bytes of the run are zeros of one segment or chunk: room for as many of one's own. Of a
  // WebP at most 4 GiB.
  Padding(PageFormat format, uint64_t bytes, uint64_t free = 0);

  uint64_t bytes() const { return bytes_; }

  // Copies [offset, offset + out.size()) of the run, which must lie inside it.
  void Read(uint64_t offset, absl::Span<char> out) const;

  // The CRC-32 of what has the CRC `crc`, followed by the first `bytes` of the run.
  // O(segments), without making the zeros.
  uint32_t ExtendCrc(uint32_t crc, uint64_t bytes) const;

 private:
  uint64_t SegmentStart(uint64_t segment) const;
  uint64_t SegmentAt(uint64_t offset) const;

  PageFormat format_;
  uint64_t bytes_;
  uint64_t full_ = kMaxSegment;  // length of all segments but the last two
  uint64_t segments_ = 0;
  uint64_t last_bytes_ = 0;  // length of the last segment
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_PADDING_H_
