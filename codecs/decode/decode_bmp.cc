// BMP, as Windows and OS/2 write it (Microsoft's BITMAPFILEHEADER to BITMAPV5HEADER).
//
// A reader of our own: Debian 12 has no library for this format that is kept up. Pixels that are
// not packed by runs are read where they lie, in any order, so nothing is held; runs are unpacked
// into memory. Channels of other widths than 8 bits are spread over 0 to 255 as Pillow does. Alpha
// counts only where a mask names it.

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/pixel_math.h"

namespace cbzfs {
namespace {

constexpr uint32_t kRgb = 0;
constexpr uint32_t kRle8 = 1;
constexpr uint32_t kRle4 = 2;
constexpr uint32_t kBitfields = 3;
constexpr uint32_t kAlphaBitfields = 6;

struct BmpHeader {
  uint32_t width = 0;
  uint32_t height = 0;
  bool top_down = false;
  uint32_t bits = 0;
  uint32_t compression = kRgb;
  std::array<uint32_t, 4> masks = {};  // red, green, blue, alpha; 16 and 32 bits
  uint64_t palette_at = 0;
  uint32_t palette_entry = 4;
  uint32_t palette_size = 0;
  uint64_t pixels_at = 0;

  bool packed() const { return compression == kRle8 || compression == kRle4; }
  uint64_t row_bytes() const { return (uint64_t{width} * bits + 7) / 8; }
  uint64_t stride() const { return (uint64_t{width} * bits + 31) / 32 * 4; }
};

bool IsKnown(const BmpHeader& header) {
  const uint32_t bits = header.bits;
  switch (header.compression) {
    case kRgb:
      return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 24 ||
             bits == 32;
    case kRle8:
      return bits == 8;
    case kRle4:
      return bits == 4;
    case kBitfields:
    case kAlphaBitfields:
      return bits == 16 || bits == 32;
    default:
      return false;
  }
}

void ReadMasks(const ByteReader& reader, uint32_t header_bytes, BmpHeader* header) {
  if (header->compression != kBitfields && header->compression != kAlphaBitfields) {
    if (header->bits == 16) header->masks = {0x7C00, 0x03E0, 0x001F, 0};
    if (header->bits == 32) header->masks = {0xFF0000, 0xFF00, 0xFF, 0};
    return;
  }
  for (uint32_t i = 0; i < 3; ++i) header->masks[i] = reader.Le32(54 + i * 4);
  if (header_bytes >= 56 || header->compression == kAlphaBitfields) {
    header->masks[3] = reader.Le32(66);
  }
}

void FindPalette(const ByteReader& reader, uint32_t header_bytes, uint32_t used,
                 BmpHeader* header) {
  header->palette_at = 14 + uint64_t{header_bytes};
  if (header_bytes == 40 && header->compression == kBitfields) header->palette_at += 12;
  if (header_bytes == 40 && header->compression == kAlphaBitfields) header->palette_at += 16;
  header->palette_entry = header_bytes == 12 ? 3 : 4;
  if (header->bits <= 8) {
    const uint32_t most = 1u << header->bits;
    header->palette_size = used == 0 ? most : std::min(used, most);
  }
  header->pixels_at = reader.Le32(10);
  if (header->pixels_at == 0) {
    header->pixels_at = header->palette_at + uint64_t{header->palette_size} * header->palette_entry;
  }
}

absl::StatusOr<BmpHeader> ReadHeader(Bytes file) {
  const ByteReader reader(file);
  const uint32_t header_bytes = reader.Le32(14);
  if (!reader.Has(14, header_bytes)) return absl::InvalidArgumentError("BMP header cut short");
  BmpHeader header;
  uint32_t used = 0;
  if (header_bytes == 12) {
    header.width = reader.Le16(18);
    header.height = reader.Le16(20);
    header.bits = reader.Le16(24);
  } else {
    const int32_t width = static_cast<int32_t>(reader.Le32(18));
    const int32_t height = static_cast<int32_t>(reader.Le32(22));
    if (width <= 0 || height == 0) return absl::InvalidArgumentError("BMP without a size");
    header.width = static_cast<uint32_t>(width);
    header.top_down = height < 0;
    header.height = height < 0 ? 0u - static_cast<uint32_t>(height) : static_cast<uint32_t>(height);
    header.bits = reader.Le16(28);
    if (header_bytes >= 40) {
      header.compression = reader.Le32(30);
      used = reader.Le32(46);
    }
  }
  // OS/2's own header gives other meanings to the compressions from 3 on.
  const bool os2_packed = header_bytes == 64 && header.compression >= kBitfields;
  if (os2_packed || !IsKnown(header)) {
    return absl::UnimplementedError("BMP of a kind that is not decoded");
  }
  ReadMasks(reader, header_bytes, &header);
  FindPalette(reader, header_bytes, used, &header);
  return header;
}

using Palette = std::array<uint8_t, size_t{256} * 3>;  // RGB; what the file does not have is black

Palette ReadPalette(const ByteReader& reader, const BmpHeader& header) {
  Palette palette = {};
  for (uint32_t i = 0; i < header.palette_size; ++i) {
    const uint64_t at = header.palette_at + uint64_t{i} * header.palette_entry;
    for (uint32_t c = 0; c < 3; ++c)
      palette[i * 3 + c] = static_cast<uint8_t>(reader.U8(at + 2 - c));
  }
  return palette;
}

// One channel of a pixel with masks; 255 where there is no mask (alpha).
uint8_t Channel(uint32_t pixel, uint32_t mask) {
  if (mask == 0) return 255;
  const int shift = std::countr_zero(mask);
  const uint32_t most = mask >> shift;
  return static_cast<uint8_t>(uint64_t{(pixel & mask) >> shift} * 255 / most);
}

class BmpRows final : public StreamedRows {
 public:
  BmpRows(Bytes file, const BmpHeader& header)
      : StreamedRows(header.width, header.height, 3),
        reader_(file),
        header_(header),
        palette_(ReadPalette(reader_, header)) {}

 protected:
  absl::Status Start() override {
    y_ = 0;
    if (!reader_.Has(header_.pixels_at, header_.row_bytes())) {
      return absl::DataLossError("BMP: file ends before the first row");
    }
    return absl::OkStatus();
  }

  // The file's last row may be the picture's first, so one that is missing does not end it.
  bool ReadRow(uint8_t* out) override {
    const uint32_t y = y_++;
    const uint64_t row = header_.top_down ? y : header_.height - 1 - y;
    const uint64_t at = header_.pixels_at + row * header_.stride();
    if (!reader_.Has(at, header_.row_bytes())) {
      AddDamage("BMP: file ends early");
      std::memset(out, 255, size_t{width()} * 3);
      return true;
    }
    Convert(reader_.Slice(at, header_.row_bytes()).data(), out);
    return true;
  }

 private:
  void Convert(const uint8_t* in, uint8_t* out) const {
    const uint32_t bits = header_.bits;
    for (uint32_t x = 0; x < header_.width; ++x, out += 3) {
      if (bits <= 8) {
        const uint32_t bit = x * bits;
        const uint32_t index = in[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
        std::memcpy(out, palette_.data() + size_t{index} * 3, 3);
      } else if (bits == 24) {
        out[0] = in[x * 3 + 2];
        out[1] = in[x * 3 + 1];
        out[2] = in[size_t{x} * 3];
      } else {
        Masked(in + size_t{x} * (bits / 8), out);
      }
    }
  }

  void Masked(const uint8_t* in, uint8_t* out) const {
    uint32_t pixel = in[0] | uint32_t{in[1]} << 8;
    if (header_.bits == 32) pixel |= uint32_t{in[2]} << 16 | uint32_t{in[3]} << 24;
    const uint8_t alpha = Channel(pixel, header_.masks[3]);
    for (size_t c = 0; c < 3; ++c) {
      out[c] = OnWhite(header_.masks[c] == 0 ? 0 : Channel(pixel, header_.masks[c]), alpha);
    }
  }

  const ByteReader reader_;
  const BmpHeader header_;
  const Palette palette_;
  uint32_t y_ = 0;
};

// Pixels packed by runs. What the runs leave out has the first colour of the palette, as Pillow has
// it; rows that a broken file does not reach are white.
class PackedBmpRows final : public HeldRows {
 public:
  PackedBmpRows(Bytes file, const BmpHeader& header)
      : HeldRows(header.width, header.height, 3, 1),
        reader_(file),
        header_(header),
        palette_(ReadPalette(reader_, header)) {}

 private:
  absl::StatusOr<PixelBuffer> Decode() override {
    at_ = header_.pixels_at;
    x_ = y_ = 0;
    if (!reader_.Has(at_, 2)) return absl::DataLossError("BMP: file ends before the first row");
    absl::StatusOr<PixelBuffer> pixels = MakePixels(width(), height(), 3);
    if (!pixels.ok()) return pixels;
    pixels_ = pixels->get();
    for (uint32_t y = 0; y < height(); ++y) {
      for (uint32_t x = 0; x < width(); ++x)
        std::memcpy(RowAt(y) + size_t{x} * 3, palette_.data(), 3);
    }
    while (y_ < height() && reader_.Has(at_, 2)) {
      if (!Step()) return pixels;
    }
    if (y_ < height()) {
      SetDamage("BMP: file ends early");
      for (; y_ < height(); ++y_) std::memset(RowAt(y_), 255, size_t{width()} * 3);
    }
    return pixels;
  }

  // One code; false at the end of the picture.
  bool Step() {
    const uint32_t count = reader_.U8(at_);
    const uint32_t value = reader_.U8(at_ + 1);
    at_ += 2;
    if (count > 0) {
      const uint32_t high = header_.bits == 4 ? value >> 4 : value;
      const uint32_t low = header_.bits == 4 ? value & 15 : value;
      for (uint32_t i = 0; i < count; ++i) Put(i % 2 == 0 ? high : low);
    } else if (value == 0) {
      x_ = 0;
      ++y_;
    } else if (value == 1) {
      return false;
    } else if (value == 2) {
      x_ += reader_.U8(at_);
      y_ += reader_.U8(at_ + 1);
      at_ += 2;
    } else {
      Literal(value);
    }
    return true;
  }

  void Literal(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      if (header_.bits == 8) {
        Put(reader_.U8(at_ + i));
      } else {
        const uint32_t pair = reader_.U8(at_ + i / 2);
        Put(i % 2 == 0 ? pair >> 4 : pair & 15);
      }
    }
    const uint32_t bytes = header_.bits == 8 ? count : (count + 1) / 2;
    at_ += bytes + bytes % 2;  // to an even offset
  }

  void Put(uint32_t index) {
    if (x_ < width() && y_ < height()) {
      std::memcpy(RowAt(y_) + size_t{x_} * 3, palette_.data() + size_t{index} * 3, 3);
    }
    if (x_ < width()) ++x_;
  }

  // Of the row that is `y` in the file.
  uint8_t* RowAt(uint32_t y) const {
    const uint32_t row = header_.top_down ? y : height() - 1 - y;
    return pixels_ + size_t{row} * width() * 3;
  }

  const ByteReader reader_;
  const BmpHeader header_;
  const Palette palette_;
  uint8_t* pixels_ = nullptr;
  uint64_t at_ = 0;
  uint32_t x_ = 0;
  uint32_t y_ = 0;
};

}  // namespace

absl::StatusOr<ImageInfo> ReadBmpInfo(Bytes head) {
  const absl::StatusOr<BmpHeader> header = ReadHeader(head);
  if (!header.ok()) return header.status();
  ImageInfo info;
  info.width = header->width;
  info.height = header->height;
  info.decode_bytes = 4096;
  if (header->packed()) info.decode_bytes += uint64_t{header->width} * header->height * 3;
  return info;
}

DecodedImage DecodeBmp(const DecodeRequest& request) {
  const absl::StatusOr<BmpHeader> header = ReadHeader(request.file);
  if (!header.ok()) return header.status();
  if (!header->packed()) return std::make_unique<BmpRows>(request.file, *header);
  if (request.TooLargeToHold()) return TooLarge(request.width, request.height);
  return std::make_unique<PackedBmpRows>(request.file, *header);
}

}  // namespace cbzfs
