// A run of JPEG comment segments of zero bytes that is exactly as long as one likes.
//
// COM is ITU-T T.81, B.2.4.5: FF FE, a big-endian length that counts itself, the comment. One takes
// 4 to 65 537 bytes, so a rest of less than `least_last` is avoided by making the last but one
// shorter. Zeros, because they compress, can be left out by `rsync -S`, and read as an empty text;
// comments, because all of 25 decoders and 9 readers tried skip them without a word, between the
// last scan and EOI as well as after SOI.
//
// Nothing is stored: any range is made when it is read. A plain value: any thread.

#ifndef CBZFS_CODECS_ZIP_COM_PADDING_H_
#define CBZFS_CODECS_ZIP_COM_PADDING_H_

#include <cstdint>

#include "absl/types/span.h"

namespace cbzfs {

class ComPadding {
 public:
  static constexpr uint64_t kMaxSegment = 65'537;
  static constexpr uint64_t kMinSegment = 4;

  // `bytes` is 0 (no segment at all) or at least `least_last`, the length of the shortest last
  // segment allowed: 4 to 65 537. 8 leaves room for four bytes of one's own at the very end.
  explicit ComPadding(uint64_t bytes, uint64_t least_last = kMinSegment);

  uint64_t bytes() const { return bytes_; }

  // Copies [offset, offset + out.size()) of the run, which must lie inside it.
  void Read(uint64_t offset, absl::Span<char> out) const;

  // The CRC-32 of what has the CRC `crc`, followed by the first `bytes` of the run.
  // O(segments), without making the zeros.
  uint32_t ExtendCrc(uint32_t crc, uint64_t bytes) const;

 private:
  uint64_t SegmentStart(uint64_t segment) const;
  uint64_t SegmentAt(uint64_t offset) const;

  uint64_t bytes_;
  uint64_t segments_ = 0;
  uint64_t last_bytes_ = 0;  // length of the last segment
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_COM_PADDING_H_
