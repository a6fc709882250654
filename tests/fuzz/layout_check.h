// What a layout promises of any range of its file.

#ifndef CBZFS_TESTS_FUZZ_LAYOUT_CHECK_H_
#define CBZFS_TESTS_FUZZ_LAYOUT_CHECK_H_

#include <algorithm>
#include <string>
#include <vector>

#include "codecs/zip/layout.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs::fuzz {

// The pieces of [offset, offset + size) tile it, clipped to the file; source pieces lie in the
// source, body pieces in their bodies; short literals read the same in one go and byte by byte.
inline void CheckLayout(const Layout& layout, uint64_t source_bytes, uint64_t offset,
                        uint64_t size) {
  constexpr uint64_t kShort = 200'000;
  const std::vector<Piece> pieces = layout.Map(offset, size);
  const uint64_t end =
      offset >= layout.size() ? offset : offset + std::min(size, layout.size() - offset);
  uint64_t at = offset;
  for (const Piece& piece : pieces) {
    FUZZ_CHECK(piece.offset == at && piece.size > 0);
    at += piece.size;
    if (piece.kind == Piece::Kind::kLiteral) {
      if (piece.size > kShort) continue;
      std::string whole(piece.size, '\0');
      layout.ReadLiteral(piece, whole.data());
      Piece second = piece;
      second.offset += piece.size / 2;
      second.size -= piece.size / 2;
      std::string half(second.size, '\0');
      layout.ReadLiteral(second, half.data());
      FUZZ_CHECK(whole.ends_with(half));
      continue;
    }
    FUZZ_CHECK(piece.page < layout.page_count());
    if (piece.kind == Piece::Kind::kSource) {
      FUZZ_CHECK(piece.source_offset <= source_bytes);
      FUZZ_CHECK(piece.size <= source_bytes - piece.source_offset);
    } else {
      const BodySpec spec = layout.Body(piece.page);
      FUZZ_CHECK(piece.body_offset <= spec.body_bytes);
      FUZZ_CHECK(piece.size <= spec.body_bytes - piece.body_offset);
    }
  }
  FUZZ_CHECK(at == end || (pieces.empty() && size == 0));
}

}  // namespace cbzfs::fuzz

#endif  // CBZFS_TESTS_FUZZ_LAYOUT_CHECK_H_
