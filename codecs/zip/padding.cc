#include "codecs/zip/padding.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "codecs/document/webp_chunks.h"
#include "codecs/zip/crc_force.h"

namespace cbzfs {
namespace {

using HeaderBytes = absl::InlinedVector<char, 8>;  // name or marker, and length

HeaderBytes Header(PageFormat format, uint64_t segment_bytes) {
  if (format == PageFormat::kJpeg) {
    const uint64_t length = segment_bytes - 2;
    return {'\xFF', '\xFE', static_cast<char>(length >> 8), static_cast<char>(length)};
  }
  HeaderBytes header(kWebpFilling.begin(), kWebpFilling.end());
  const uint64_t length = segment_bytes - kWebpChunkHeader;
  for (int i = 0; i < 4; ++i) header.push_back(static_cast<char>(length >> (8 * i)));
  return header;
}

}  // namespace

Padding::Padding(PageFormat format, uint64_t bytes, uint64_t free)
    : format_(format), bytes_(bytes) {
  if (bytes == 0) return;
  if (format == PageFormat::kWebp) full_ = bytes;  // one chunk
  segments_ = (bytes + full_ - 1) / full_;
  last_bytes_ = std::max(bytes - (segments_ - 1) * full_, Least(format) + free);
}

// Segments are full but the last and, when that had to be made longer, the last but one.
uint64_t Padding::SegmentStart(uint64_t segment) const {
  if (segment == segments_) return bytes_;
  return segment + 1 == segments_ ? bytes_ - last_bytes_ : segment * full_;
}

uint64_t Padding::SegmentAt(uint64_t offset) const {
  return offset >= bytes_ - last_bytes_ ? segments_ - 1 : offset / full_;
}

void Padding::Read(uint64_t offset, absl::Span<char> out) const {
  if (out.empty()) return;
  std::memset(out.data(), 0, out.size());
  const uint64_t end = offset + out.size();
  for (uint64_t segment = SegmentAt(offset); segment < segments_; ++segment) {
    const uint64_t start = SegmentStart(segment);
    if (start >= end) return;
    const HeaderBytes header = Header(format_, SegmentStart(segment + 1) - start);
    for (uint64_t i = 0; i < header.size(); ++i) {
      if (start + i >= offset && start + i < end) out[start + i - offset] = header[i];
    }
  }
}

uint32_t Padding::ExtendCrc(uint32_t crc, uint64_t bytes) const {
  for (uint64_t segment = 0; bytes > 0 && segment < segments_; ++segment) {
    const uint64_t size = SegmentStart(segment + 1) - SegmentStart(segment);
    const HeaderBytes header = Header(format_, size);
    const uint64_t head = std::min<uint64_t>(header.size(), bytes);
    crc = cbzfs::ExtendCrc(crc, {header.data(), head});
    const uint64_t zeros = std::min(size, bytes) - head;
    crc = ExtendCrcByZeros(crc, zeros);
    bytes -= head + zeros;
  }
  return crc;
}

}  // namespace cbzfs
