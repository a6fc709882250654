#include "codecs/zip/com_padding.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "codecs/zip/crc_force.h"

namespace cbzfs {
namespace {

constexpr uint64_t kHeader = 4;  // marker and length

std::array<char, kHeader> Header(uint64_t segment_bytes) {
  const uint64_t length = segment_bytes - 2;
  return {'\xFF', '\xFE', static_cast<char>(length >> 8), static_cast<char>(length)};
}

}  // namespace

ComPadding::ComPadding(uint64_t bytes, uint64_t least_last) : bytes_(bytes) {
  if (bytes == 0) return;
  segments_ = (bytes + kMaxSegment - 1) / kMaxSegment;
  last_bytes_ = std::max(bytes - (segments_ - 1) * kMaxSegment, least_last);
}

// Segments are full but the last and, when that had to be made longer, the last but one.
uint64_t ComPadding::SegmentStart(uint64_t segment) const {
  if (segment == segments_) return bytes_;
  return segment + 1 == segments_ ? bytes_ - last_bytes_ : segment * kMaxSegment;
}

uint64_t ComPadding::SegmentAt(uint64_t offset) const {
  return offset >= bytes_ - last_bytes_ ? segments_ - 1 : offset / kMaxSegment;
}

void ComPadding::Read(uint64_t offset, absl::Span<char> out) const {
  if (out.empty()) return;
  std::memset(out.data(), 0, out.size());
  const uint64_t end = offset + out.size();
  for (uint64_t segment = SegmentAt(offset); segment < segments_; ++segment) {
    const uint64_t start = SegmentStart(segment);
    if (start >= end) return;
    const auto header = Header(SegmentStart(segment + 1) - start);
    for (uint64_t i = 0; i < kHeader; ++i) {
      if (start + i >= offset && start + i < end) out[start + i - offset] = header[i];
    }
  }
}

uint32_t ComPadding::ExtendCrc(uint32_t crc, uint64_t bytes) const {
  for (uint64_t segment = 0; bytes > 0 && segment < segments_; ++segment) {
    const uint64_t size = SegmentStart(segment + 1) - SegmentStart(segment);
    const auto header = Header(size);
    const uint64_t head = std::min(kHeader, bytes);
    crc = cbzfs::ExtendCrc(crc, {header.data(), head});
    const uint64_t zeros = std::min(size, bytes) - head;
    crc = ExtendCrcByZeros(crc, zeros);
    bytes -= head + zeros;
  }
  return crc;
}

}  // namespace cbzfs
