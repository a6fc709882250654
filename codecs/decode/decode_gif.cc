// GIF89a through giflib: the first frame, laid on white.
//
// The canvas is the logical screen, made larger where the frame reaches beyond it, as Pillow and
// browsers do. Outside the frame, and where it is transparent, it is white.

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gif_lib.h>

#include "absl/status/status.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/formats.h"

namespace cbzfs {
namespace {

constexpr uint8_t kExtension = 0x21;
constexpr uint8_t kImage = 0x2C;

struct GifHeader {
  uint32_t width = 0;
  uint32_t height = 0;
  bool interlaced = false;
};

absl::StatusOr<GifHeader> ReadHeader(const ByteReader& reader) {
  const auto cut = [] { return absl::InvalidArgumentError("GIF without a picture in its head"); };
  const uint32_t flags = reader.U8(10);
  uint64_t at = 13;
  if ((flags & 0x80) != 0) at += uint64_t{3} << ((flags & 7) + 1);
  while (reader.U8(at) == kExtension) {
    at += 2;
    while (reader.U8(at) != 0) at += 1 + reader.U8(at);
    ++at;
  }
  if (reader.U8(at) != kImage || !reader.Has(at, 10)) return cut();
  const uint32_t frame_width = reader.Le16(at + 5);
  const uint32_t frame_height = reader.Le16(at + 7);
  if (frame_width == 0 || frame_height == 0) {
    return absl::InvalidArgumentError("GIF whose first frame is empty");
  }
  return GifHeader{.width = std::max(reader.Le16(6), reader.Le16(at + 1) + frame_width),
                   .height = std::max(reader.Le16(8), reader.Le16(at + 3) + frame_height),
                   .interlaced = (reader.U8(at + 9) & 0x40) != 0};
}

struct GifCloser {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

// The first frame, line by line in the order of the file.
class GifFrame {
 public:
  explicit GifFrame(Bytes file) : file_(file) {}

  absl::Status Open() {
    left_ = file_;
    int error = 0;
    gif_.reset(DGifOpen(this, Read, &error));
    if (gif_ == nullptr) return Error(error);
    transparent_ = NO_TRANSPARENT_COLOR;
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    while (record != IMAGE_DESC_RECORD_TYPE) {
      if (DGifGetRecordType(gif_.get(), &record) != GIF_OK) return Error(gif_->Error);
      if (record == TERMINATE_RECORD_TYPE) return absl::DataLossError("GIF: no picture");
      if (record == EXTENSION_RECORD_TYPE && !ReadExtension()) return Error(gif_->Error);
    }
    if (DGifGetImageDesc(gif_.get()) != GIF_OK) return Error(gif_->Error);
    line_.resize(width());
    MakePalette();
    return absl::OkStatus();
  }

  uint32_t left() const { return static_cast<uint32_t>(gif_->Image.Left); }
  uint32_t top() const { return static_cast<uint32_t>(gif_->Image.Top); }
  uint32_t width() const { return static_cast<uint32_t>(gif_->Image.Width); }
  uint32_t height() const { return static_cast<uint32_t>(gif_->Image.Height); }

  // The next line as RGB.
  bool ReadLine(uint8_t* rgb) {
    if (DGifGetLine(gif_.get(), line_.data(), static_cast<int>(line_.size())) != GIF_OK) {
      return false;
    }
    for (const uint8_t index : line_) {
      std::memcpy(rgb, palette_ + ptrdiff_t{index} * 3, 3);
      rgb += 3;
    }
    return true;
  }

  std::string Damage() const { return DamageLine("GIF", Describe(gif_->Error)); }

 private:
  static int Read(GifFileType* gif, GifByteType* out, int length) {
    GifFrame* frame = static_cast<GifFrame*>(gif->UserData);
    const size_t got = std::min(frame->left_.size(), static_cast<size_t>(std::max(length, 0)));
    std::memcpy(out, frame->left_.data(), got);
    frame->left_.remove_prefix(got);
    return static_cast<int>(got);
  }

  static const char* Describe(int error) {
    const char* text = GifErrorString(error);
    return text == nullptr ? "file ends early" : text;
  }

  static absl::Status Error(int error) {
    const std::string line = DamageLine("GIF", Describe(error));
    if (error == D_GIF_ERR_NOT_ENOUGH_MEM) return absl::ResourceExhaustedError(line);
    return absl::DataLossError(line);
  }

  bool ReadExtension() {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif_.get(), &code, &block) != GIF_OK) return false;
    while (block != nullptr) {
      GraphicsControlBlock control;
      if (code == GRAPHICS_EXT_FUNC_CODE &&
          DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent_ = control.TransparentColor;
      }
      if (DGifGetExtensionNext(gif_.get(), &block) != GIF_OK) return false;
    }
    return true;
  }

  // A file without any colour map is gray; indices beyond the map are black.
  void MakePalette() {
    const ColorMapObject* map =
        gif_->Image.ColorMap != nullptr ? gif_->Image.ColorMap : gif_->SColorMap;
    for (int i = 0; i < 256; ++i) {
      const bool known = map != nullptr && i < map->ColorCount;
      const uint8_t missing = static_cast<uint8_t>(map == nullptr ? i : 0);
      uint8_t* const rgb = palette_ + ptrdiff_t{i} * 3;
      rgb[0] = known ? map->Colors[i].Red : missing;
      rgb[1] = known ? map->Colors[i].Green : missing;
      rgb[2] = known ? map->Colors[i].Blue : missing;
    }
    if (transparent_ >= 0 && transparent_ < 256) {
      std::memset(palette_ + ptrdiff_t{transparent_} * 3, 255, 3);
    }
  }

  const Bytes file_;
  Bytes left_;
  std::unique_ptr<GifFileType, GifCloser> gif_;
  int transparent_ = NO_TRANSPARENT_COLOR;
  std::vector<uint8_t> line_;
  uint8_t palette_[256 * 3] = {};
};

bool Fits(const GifFrame& frame, uint32_t width, uint32_t height) {
  return frame.left() + frame.width() <= width && frame.top() + frame.height() <= height;
}

class GifRows final : public StreamedRows {
 public:
  explicit GifRows(const DecodeRequest& request)
      : StreamedRows(request.width, request.height, 3), frame_(request.file) {}

 protected:
  absl::Status Start() override {
    y_ = 0;
    if (absl::Status status = frame_.Open(); !status.ok()) return status;
    if (!Fits(frame_, width(), height())) {
      return absl::DataLossError("GIF: header and picture disagree");
    }
    // Before the white rows above it, so that a frame without any line is known at once.
    first_line_.resize(size_t{frame_.width()} * 3);
    if (!frame_.ReadLine(first_line_.data())) return absl::DataLossError(frame_.Damage());
    return absl::OkStatus();
  }

  bool ReadRow(uint8_t* out) override {
    const uint32_t y = y_++;
    std::memset(out, 255, size_t{width()} * 3);
    if (y < frame_.top() || y >= frame_.top() + frame_.height()) return true;
    uint8_t* line = out + size_t{frame_.left()} * 3;
    if (y == frame_.top()) {
      std::memcpy(line, first_line_.data(), first_line_.size());
      return true;
    }
    if (frame_.ReadLine(line)) return true;
    AddDamage(frame_.Damage());
    return false;
  }

 private:
  GifFrame frame_;
  std::vector<uint8_t> first_line_;
  uint32_t y_ = 0;
};

class InterlacedGifRows final : public HeldRows {
 public:
  explicit InterlacedGifRows(const DecodeRequest& request)
      : HeldRows(request.width, request.height, 3, 1), frame_(request.file) {}

 private:
  absl::StatusOr<PixelBuffer> Decode() override {
    if (absl::Status status = frame_.Open(); !status.ok()) return status;
    if (!Fits(frame_, width(), height())) {
      return absl::DataLossError("GIF: header and picture disagree");
    }
    absl::StatusOr<PixelBuffer> pixels = MakePixels(width(), height(), 3);
    if (!pixels.ok()) return pixels;
    // GIF89a, appendix E.
    constexpr uint32_t kFirst[] = {0, 4, 2, 1};
    constexpr uint32_t kStep[] = {8, 8, 4, 2};
    bool any = false;
    for (int pass = 0; pass < 4; ++pass) {
      for (uint32_t y = kFirst[pass]; y < frame_.height(); y += kStep[pass]) {
        const size_t at = size_t{frame_.top() + y} * width() + frame_.left();
        if (!frame_.ReadLine(pixels->get() + at * 3)) {
          if (!any) return absl::DataLossError(frame_.Damage());
          SetDamage(frame_.Damage());
          return pixels;
        }
        any = true;
      }
    }
    return pixels;
  }

  GifFrame frame_;
};

}  // namespace

absl::StatusOr<ImageInfo> ReadGifInfo(Bytes head) {
  const absl::StatusOr<GifHeader> header = ReadHeader(ByteReader(head));
  if (!header.ok()) return header.status();
  ImageInfo info;
  info.width = header->width;
  info.height = header->height;
  // giflib's tables, a line of indices, a line of pixels.
  info.decode_bytes = (64 << 10) + uint64_t{header->width} * 4;
  if (header->interlaced) info.decode_bytes += uint64_t{header->width} * header->height * 3;
  return info;
}

DecodedImage DecodeGif(const DecodeRequest& request) {
  const absl::StatusOr<GifHeader> header = ReadHeader(ByteReader(request.file));
  if (!header.ok()) return header.status();
  if (!header->interlaced) return std::make_unique<GifRows>(request);
  if (request.TooLargeToHold()) return TooLarge(request.width, request.height);
  return std::make_unique<InterlacedGifRows>(request);
}

}  // namespace cbzfs
