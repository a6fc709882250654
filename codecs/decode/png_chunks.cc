#include "codecs/decode/png_chunks.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include <zlib.h>

#include "absl/status/status.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/exif.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/icc_profile.h"

namespace cbzfs {
namespace {

constexpr uint64_t kSignature = 8;
constexpr uint64_t kProfileHeader = 128;

// The data of an iCCP chunk behind its name and the compression method (11.3.3.3).
void FindProfile(const ByteReader& reader, uint64_t body, uint64_t length, PngChunks* chunks) {
  for (uint64_t name = 1; name < 80 && name + 2 < length; ++name) {
    if (!reader.Has(body + name, 2)) return;
    if (reader.U8(body + name) != 0) continue;
    if (reader.U8(body + name + 1) != 0) return;
    chunks->profile_at = body + name + 2;
    chunks->profile_bytes = length - name - 2;
    return;
  }
}

// At most `limit` bytes of what zlib makes of the data, also when the data ends early.
std::string Inflate(Bytes data, size_t limit) {
  std::string out;
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) return out;
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  uint8_t chunk[4096];
  int result = Z_OK;
  while (result == Z_OK && out.size() < limit) {
    stream.next_out = chunk;
    stream.avail_out = static_cast<uInt>(std::min(sizeof chunk, limit - out.size()));
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(reinterpret_cast<const char*>(chunk), stream.next_out - chunk);
  }
  inflateEnd(&stream);
  return out;
}

// What decoding holds: two rows for the filters, or all pixels as libpng gives them.
uint64_t DecodeBytes(const PngChunks& chunks, bool gray) {
  const bool alpha = (chunks.color_type & 4) != 0 || chunks.has_transparency;
  const uint64_t channels = (gray ? 1 : 3) + (alpha ? 1 : 0);
  const uint64_t pixels = uint64_t{chunks.width} * chunks.height;
  const uint64_t rows = uint64_t{chunks.width} * 8 * 3 + (64 << 10);
  if (chunks.interlaced) return pixels * channels + rows;
  return (chunks.orientation > 2 ? pixels * (gray ? 1 : 3) : 0) + rows;
}

}  // namespace

PngChunks ReadPngChunks(absl::Span<const uint8_t> file) {
  const ByteReader reader(file.subspan(0, kImageHeadBytes));
  PngChunks chunks;
  for (uint64_t at = kSignature; reader.Has(at, 8);) {
    const uint64_t length = reader.Be32(at);
    const uint64_t body = at + 8;
    if (at == kSignature) {
      if (!reader.Is(at + 4, "IHDR") || length != 13 || !reader.Has(body, 13)) return chunks;
      chunks.width = reader.Be32(body);
      chunks.height = reader.Be32(body + 4);
      chunks.bit_depth = reader.U8(body + 8);
      chunks.color_type = reader.U8(body + 9);
      chunks.interlaced = reader.U8(body + 12) != 0;
    } else if (reader.Is(at + 4, "IDAT") || reader.Is(at + 4, "IEND")) {
      break;
    } else if (reader.Is(at + 4, "tRNS")) {
      chunks.has_transparency = true;
    } else if (reader.Is(at + 4, "eXIf") && reader.Has(body, length)) {
      chunks.orientation = ExifOrientation(reader.Slice(body, length));
    } else if (reader.Is(at + 4, "iCCP")) {
      FindProfile(reader, body, length, &chunks);
    }
    at = body + length + 4;
  }
  return chunks;
}

absl::StatusOr<ImageInfo> ReadPngInfo(Bytes head) {
  const PngChunks chunks = ReadPngChunks(head);
  if (chunks.width == 0 || chunks.height == 0) {
    return absl::InvalidArgumentError("PNG without a size");
  }
  if (chunks.color_type > 6 || chunks.color_type == 1 || chunks.color_type == 5) {
    return absl::InvalidArgumentError("PNG of an impossible colour type");
  }
  ImageInfo info;
  info.width = chunks.width;
  info.height = chunks.height;
  info.orientation = chunks.orientation;
  if (info.orientation >= 5) std::swap(info.width, info.height);
  info.gray = (chunks.color_type & 3) == 0;
  info.decode_bytes = DecodeBytes(chunks, info.gray);
  if (chunks.profile_at != 0) {
    // The profile's own header says how long it is, however much of it is here.
    const ByteReader reader(head);
    const std::string profile =
        Inflate(reader.Slice(chunks.profile_at, chunks.profile_bytes), kProfileHeader);
    const Bytes bytes(reinterpret_cast<const uint8_t*>(profile.data()), profile.size());
    if (ProfileFits(bytes, info.gray)) info.icc_bytes = IccSegmentBytes(ByteReader(bytes).Be32(0));
  }
  return info;
}

std::string PngProfile(Bytes file) {
  const PngChunks chunks = ReadPngChunks(file);
  if (chunks.profile_at == 0) return {};
  const ByteReader reader(file);
  std::string profile =
      Inflate(reader.Slice(chunks.profile_at, chunks.profile_bytes), kMaxProfileBytes);
  // Bytes behind the profile's end are not part of it.
  const Bytes bytes(reinterpret_cast<const uint8_t*>(profile.data()), profile.size());
  const size_t declared = ByteReader(bytes).Be32(0);
  if (declared < profile.size()) profile.resize(declared);
  return profile;
}

}  // namespace cbzfs
