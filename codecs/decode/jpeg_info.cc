// What a JPEG's header says beyond jpeg_header.h: tables, profile, what decoding it takes.

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/icc_profile.h"
#include "codecs/decode/jpeg_header.h"

namespace cbzfs {
namespace {

using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls): by the literal

// Sum of the luma table of ITU-T T.81, annex K.1, which is libjpeg's at quality 50.
constexpr uint64_t kLumaSum50 = 3688;

constexpr uint64_t kIccTag = 14;  // "ICC_PROFILE", a zero, the two numbers

struct Segment {
  uint32_t marker = 0;
  uint64_t at = 0;  // of its body
  uint64_t bytes = 0;
};

// The segments before the first scan, which ReadJpegHeader() has walked already: lengths are right.
std::vector<Segment> HeaderSegments(const ByteReader& reader, const JpegHeader& header) {
  std::vector<Segment> segments;
  uint64_t at = 2;
  while (at < header.scan_at) {
    if (reader.U8(at + 1) == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    const uint64_t length = reader.Be16(at + 2);
    segments.push_back({reader.U8(at + 1), at + 4, length - 2});
    at += 2 + length;
  }
  return segments;
}

bool IsFrame(const Segment& segment, const JpegHeader& header) {
  return segment.marker == header.sof;
}

// Of the table that the first component uses; 0 when the header defines none.
uint32_t Quantiser(const ByteReader& reader, const std::vector<Segment>& segments,
                   const JpegHeader& header) {
  uint64_t sums[4] = {};
  uint32_t used = 0;
  for (const Segment& segment : segments) {
    if (IsFrame(segment, header)) used = reader.U8(segment.at + 8) & 3;
    if (segment.marker != 0xDB) continue;
    for (uint64_t at = segment.at; at < segment.at + segment.bytes;) {
      const uint32_t kind = reader.U8(at++);
      const uint32_t sample_bytes = kind >> 4 == 0 ? 1 : 2;
      if (at + uint64_t{64} * sample_bytes > segment.at + segment.bytes) break;
      uint64_t sum = 0;
      for (int i = 0; i < 64; ++i, at += sample_bytes) {
        sum += sample_bytes == 1 ? reader.U8(at) : reader.Be16(at);
      }
      sums[kind & 3] = sum;
    }
  }
  return static_cast<uint32_t>((sums[used] * 1000 + kLumaSum50 / 2) / kLumaSum50);
}

// All of the profile, in the order of its numbers; empty unless each is there once.
std::string CollectProfile(Bytes bytes, const std::vector<Segment>& segments) {
  const ByteReader reader(bytes);
  std::vector<Bytes> chunks;
  size_t found = 0;
  size_t total = 0;
  for (const Segment& segment : segments) {
    if (segment.marker != 0xE2 || segment.bytes < kIccTag ||
        !reader.Is(segment.at, "ICC_PROFILE\0"sv)) {
      continue;
    }
    const uint32_t number = reader.U8(segment.at + 12);
    const uint32_t count = reader.U8(segment.at + 13);
    if (chunks.empty()) chunks.resize(count);
    if (count != chunks.size() || number == 0 || number > count ||
        chunks[number - 1].data() != nullptr) {
      return {};
    }
    chunks[number - 1] = reader.Slice(segment.at + kIccTag, segment.bytes - kIccTag);
    ++found;
    total += chunks[number - 1].size();
  }
  if (found != chunks.size() || total > kMaxProfileBytes) return {};
  std::string profile;
  for (const Bytes chunk : chunks) {
    profile.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  }
  return profile;
}

// libjpeg keeps a coefficient of 16 bits for every sample when the picture comes in several scans;
// else a few rows of samples: two rows of blocks for each component and their upsampled rows.
uint64_t DecodeBytes(const ByteReader& reader, const std::vector<Segment>& segments,
                     const JpegHeader& header) {
  uint64_t coefficients = 0;
  for (const Segment& segment : segments) {
    if (!IsFrame(segment, header)) continue;
    uint32_t most_h = 1;
    uint32_t most_v = 1;
    for (uint32_t i = 0; i < header.components; ++i) {
      const uint32_t sampling = reader.U8(segment.at + 7 + uint64_t{i} * 3);
      most_h = std::max(most_h, sampling >> 4);
      most_v = std::max(most_v, sampling & 15);
    }
    const uint64_t across = (header.width + 8 * most_h - 1) / (8 * most_h);
    const uint64_t down = (header.height + 8 * most_v - 1) / (8 * most_v);
    for (uint32_t i = 0; i < header.components; ++i) {
      const uint32_t sampling = reader.U8(segment.at + 7 + uint64_t{i} * 3);
      coefficients += across * (sampling >> 4) * down * (sampling & 15) * 64;
    }
  }
  const bool progressive = header.sof == 0xC2 || header.sof == 0xCA;
  const bool one_scan = reader.U8(header.scan_at + 4) == header.components;
  const uint64_t rows = uint64_t{header.width} * header.components * 40 + (64 << 10);
  return progressive || !one_scan ? coefficients * 2 + rows : rows;
}

bool IsDecoded(const JpegHeader& header) {
  const bool coding = header.sof <= 0xC2 || header.sof == 0xC9 || header.sof == 0xCA;
  return coding && header.precision == 8 && header.components != 2;
}

}  // namespace

absl::StatusOr<ImageInfo> ReadJpegInfo(Bytes head) {
  absl::StatusOr<JpegHeader> header = ReadJpegHeader(head);
  if (absl::IsOutOfRange(header.status())) {
    return absl::InvalidArgumentError(header.status().message());
  }
  if (!header.ok()) return header.status();
  if (!IsDecoded(*header)) {
    return absl::UnimplementedError(absl::StrCat("JPEG of kind ", header->sof - 0xC0, " with ",
                                                 header->components, " components of ",
                                                 header->precision, " bits"));
  }
  ImageInfo info;
  info.width = header->width;
  info.height = header->height;
  info.orientation = header->exif_orientation;
  if (info.orientation >= 5) std::swap(info.width, info.height);
  info.gray = header->components == 1;
  const ByteReader reader(head);
  const std::vector<Segment> segments = HeaderSegments(reader, *header);
  info.quantiser = Quantiser(reader, segments, *header);
  info.decode_bytes = DecodeBytes(reader, segments, *header);
  if (info.orientation > 2) {
    info.decode_bytes += uint64_t{info.width} * info.height * (info.gray ? 1 : 3);
  }
  if (header->has_icc) {
    const std::string profile = CollectProfile(head, segments);
    const Bytes bytes(reinterpret_cast<const uint8_t*>(profile.data()), profile.size());
    if (ProfileFits(bytes, info.gray)) info.icc_bytes = IccSegmentBytes(profile.size());
  }
  return info;
}

std::string JpegProfile(Bytes file) {
  const absl::StatusOr<JpegHeader> header = ReadJpegHeader(file);
  if (!header.ok()) return {};
  return CollectProfile(file, HeaderSegments(ByteReader(file), *header));
}

}  // namespace cbzfs
