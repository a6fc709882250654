#include "codecs/decode/tiff_directory.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/icc_profile.h"

namespace cbzfs {
namespace {

// BigTIFF could have 2^64 entries.
constexpr uint64_t kMaxEntries = 65535;

constexpr uint32_t kOldJpeg = 6;
constexpr uint32_t kJpeg = 7;
constexpr uint32_t kYcbcr = 6;

class Reader {
 public:
  explicit Reader(absl::Span<const uint8_t> bytes) : bytes_(bytes), little_(bytes_.Is(0, "II")) {
    big_ = U16(2) == 43;
  }

  bool big() const { return big_; }
  const ByteReader& bytes() const { return bytes_; }
  uint32_t U16(uint64_t at) const { return little_ ? bytes_.Le16(at) : bytes_.Be16(at); }
  uint64_t U32(uint64_t at) const { return little_ ? bytes_.Le32(at) : bytes_.Be32(at); }
  uint64_t U64(uint64_t at) const { return little_ ? bytes_.Le64(at) : bytes_.Be64(at); }
  uint64_t Offset(uint64_t at) const { return big_ ? U64(at) : U32(at); }

  // The first value of the entry at `at`; `missing` when it is not within the bytes. Values that
  // do not lie in the entry itself are looked for only on demand: what is found must not depend on
  // how much of the file is here.
  uint32_t Value(uint64_t at, uint32_t missing, bool elsewhere = false) const {
    const uint32_t type = U16(at + 2);
    const uint64_t value_bytes = type == 3 ? 2 : type == 4 ? 4 : type == 16 ? 8 : 1;
    const uint64_t count = Offset(at + 4);
    uint64_t where = at + (big_ ? 12 : 8);
    if (count > (big_ ? 8 : 4) / value_bytes) {
      if (!elsewhere) return missing;
      where = Offset(where);
    }
    if (!bytes_.Has(where, value_bytes)) return missing;
    const uint64_t value = type == 3    ? U16(where)
                           : type == 4  ? U32(where)
                           : type == 16 ? U64(where)
                                        : bytes_.U8(where);
    return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
  }

 private:
  const ByteReader bytes_;
  const bool little_;
  bool big_ = false;
};

void ReadEntry(const Reader& reader, uint64_t at, TiffDirectory* directory) {
  switch (reader.U16(at)) {
    case 256:
      directory->width = reader.Value(at, 0);
      break;
    case 257:
      directory->height = reader.Value(at, 0);
      break;
    case 258:
      directory->bits = reader.Value(at, 8, true);  // one for each sample
      break;
    case 259:
      directory->compression = reader.Value(at, 1);
      break;
    case 262:
      directory->photometric = reader.Value(at, 0);
      break;
    case 274:
      directory->orientation = reader.Value(at, 1);
      break;
    case 277:
      directory->samples = reader.Value(at, 1);
      break;
    case 278:
      directory->rows_per_strip = reader.Value(at, UINT32_MAX);
      break;
    case 284:
      directory->planar = reader.Value(at, 1);
      break;
    case 322:
      directory->tile_width = reader.Value(at, 0);
      break;
    case 323:
      directory->tile_height = reader.Value(at, 0);
      break;
    case 34675:
      directory->profile_bytes = reader.Offset(at + 4);
      directory->profile_at = reader.Offset(at + (reader.big() ? 12 : 8));
      break;
    default:
      break;
  }
}

// One strip or row of tiles and what it is unpacked into; all of it, as 32-bit pixels, where
// libtiff has to make sense of it.
uint64_t DecodeBytes(const TiffDirectory& directory, bool gray) {
  const uint64_t pixels = uint64_t{directory.width} * directory.height;
  const uint64_t samples = std::min<uint64_t>(directory.samples, 32);
  const uint64_t sample_bits = std::min<uint64_t>(std::max(directory.bits, 1u), 64);
  const uint64_t row = uint64_t{directory.width} * samples * sample_bits / 8;
  const bool as_rgba = directory.planar == 2 || directory.compression == kOldJpeg ||
                       (directory.photometric == kYcbcr && directory.compression != kJpeg) ||
                       directory.photometric > kYcbcr;
  const uint64_t rows = directory.tile_width != 0
                            ? std::min(directory.tile_height, directory.height)
                            : std::min(directory.rows_per_strip, directory.height);
  uint64_t bytes = (128 << 10) + row * 4;
  if (directory.tile_width != 0) bytes += row * rows;
  // Codecs that unpack a strip at once: LERC, LZMA's and Zstandard's windows, WebP.
  if (directory.compression > 30000 && directory.tile_width == 0) bytes += row * rows;
  if (as_rgba) return bytes + pixels * 4 + row * rows;
  if (directory.orientation > 2) bytes += pixels * (gray ? 1 : 3);
  return bytes;
}

}  // namespace

absl::StatusOr<TiffDirectory> ReadTiffDirectory(absl::Span<const uint8_t> bytes) {
  const Reader reader(bytes);
  const uint64_t at = reader.Offset(reader.big() ? 8 : 4);
  const uint64_t entry_bytes = reader.big() ? 20 : 12;
  const uint64_t entries = reader.big() ? reader.U64(at) : reader.U16(at);
  const uint64_t first = at + (reader.big() ? 8 : 2);
  if (at < 8 || at > bytes.size() || entries == 0 || entries > kMaxEntries ||
      !reader.bytes().Has(first, entries * entry_bytes)) {
    return absl::InvalidArgumentError("TIFF whose directory is broken or not in its head");
  }
  TiffDirectory directory;
  for (uint64_t i = 0; i < entries; ++i) ReadEntry(reader, first + i * entry_bytes, &directory);
  if (directory.orientation < 1 || directory.orientation > 8) directory.orientation = 1;
  return directory;
}

absl::StatusOr<ImageInfo> ReadTiffInfo(Bytes head) {
  const absl::StatusOr<TiffDirectory> directory = ReadTiffDirectory(head);
  if (!directory.ok()) return directory.status();
  ImageInfo info;
  info.width = directory->width;
  info.height = directory->height;
  info.orientation = static_cast<int>(directory->orientation);
  if (info.orientation >= 5) std::swap(info.width, info.height);
  info.gray = directory->photometric <= 1;  // white is zero, black is zero
  info.decode_bytes = DecodeBytes(*directory, info.gray);
  info.icc_bytes = IccSegmentBytes(directory->profile_bytes);
  return info;
}

std::string TiffProfile(Bytes file) {
  const absl::StatusOr<TiffDirectory> directory = ReadTiffDirectory(file);
  if (!directory.ok() || directory->profile_bytes > kMaxProfileBytes) return {};
  const Bytes profile = ByteReader(file).Slice(directory->profile_at, directory->profile_bytes);
  return {reinterpret_cast<const char*>(profile.data()), profile.size()};
}

}  // namespace cbzfs
