// A JPEG 2000 file as OpenJPEG is shown it: whole, however short it was cut.
//
// OpenJPEG has a mode for files that end too soon, and up to 2.5.2 that mode reads and writes
// outside its buffers (uclouvain/openjpeg issues 1459, 1533, 1535; Debian 12 has 2.5.0). So it is
// left in its strict mode, which would refuse such files, and they are made whole before: the
// tile-part that is cut is said to reach to the end (Psot 0, ISO 15444-1, A.4.2), zeros stand for
// what it lacks, and EOC is added. A packet header of zeros is an empty packet (B.10.3), so zeros
// add nothing to the picture but in the code-block that was being cut.
//
// A plain value that borrows the file. One thread.

#ifndef CBZFS_CODECS_DECODE_JPEG2000_STREAM_H_
#define CBZFS_CODECS_DECODE_JPEG2000_STREAM_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace cbzfs {

class Jpeg2000Stream {
 public:
  // The codestream (its SOC) begins at `codestream`.
  Jpeg2000Stream(absl::Span<const uint8_t> file, uint64_t codestream);

  // Something was added, so something is missing in the picture.
  bool mended() const { return added() > 0; }

  uint64_t size() const { return file_.size() + added(); }

  // Copies as much of [at, at + size) as there is; the number of bytes.
  size_t Read(uint64_t at, uint8_t* out, size_t size) const;

 private:
  void Mend(uint64_t at);
  void MendTilePart(uint64_t start);
  uint64_t added() const { return zeros_ + (end_added_ ? 2 : 0); }
  uint8_t ByteAt(uint64_t at) const;

  absl::Span<const uint8_t> file_;  // up to where it is of use
  uint64_t open_length_at_ = 0;     // where four zeros stand for a Psot; 0: nowhere
  uint64_t zeros_ = 0;
  bool end_added_ = false;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_JPEG2000_STREAM_H_
