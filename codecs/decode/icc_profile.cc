#include "codecs/decode/icc_profile.h"

#include <algorithm>

#include "codecs/decode/byte_reader.h"

namespace cbzfs {
namespace {

constexpr uint64_t kHeaderBytes = 128;
constexpr uint64_t kSegmentHead = 18;  // marker, length, tag and the two numbers
constexpr uint64_t kMaxChunk = 65535 - (kSegmentHead - 2);  // the length counts itself

}  // namespace

uint32_t IccSegmentBytes(uint64_t profile_bytes) {
  if (profile_bytes == 0 || profile_bytes > kMaxProfileBytes) return 0;
  const uint64_t segments = (profile_bytes + kMaxChunk - 1) / kMaxChunk;
  return static_cast<uint32_t>(profile_bytes + segments * kSegmentHead);
}

bool ProfileFits(absl::Span<const uint8_t> profile_head, bool gray) {
  const ByteReader reader(profile_head);
  return reader.Has(0, kHeaderBytes) && reader.Be32(0) >= kHeaderBytes && reader.Is(36, "acsp") &&
         reader.Is(16, gray ? "GRAY" : "RGB ");
}

std::string IccSegmentsOf(absl::Span<const uint8_t> profile, bool gray) {
  if (IccSegmentBytes(profile.size()) == 0 || !ProfileFits(profile, gray) ||
      ByteReader(profile).Be32(0) > profile.size()) {
    return {};
  }
  const size_t segments = (profile.size() + kMaxChunk - 1) / kMaxChunk;
  std::string out;
  for (size_t i = 0; i < segments; ++i) {
    const absl::Span<const uint8_t> chunk = profile.subspan(i * kMaxChunk, kMaxChunk);
    const size_t length = chunk.size() + kSegmentHead - 2;
    out += "\xFF\xE2";
    out += static_cast<char>(length >> 8);
    out += static_cast<char>(length & 0xFF);
    out.append("ICC_PROFILE", 12);
    out += static_cast<char>(i + 1);
    out += static_cast<char>(segments);
    out.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  }
  return out;
}

}  // namespace cbzfs
