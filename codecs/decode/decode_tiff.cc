// TIFF through libtiff: the first picture of the file, by rows of strips or of tiles; as a whole,
// through libtiff's RGBA interface, where the samples are not gray, RGB, a palette or CMYK side by
// side (YCbCr, Lab, separate planes).
//
// A strip or tile that is broken or cut is white (libtiff wants all of it); the others go on.
// Samples of 16 bits keep their high byte. CMYK is Pillow's convert("RGB"), without a profile.

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <tiffio.h>

#include "absl/status/status.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/pixel_math.h"
#include "codecs/decode/tiff_file.h"

namespace cbzfs {
namespace {

absl::Status Disagree() { return absl::DataLossError("TIFF: header and picture disagree"); }

class StripRows final : public StreamedRows {
 public:
  StripRows(const DecodeRequest& request, uint32_t components)
      : StreamedRows(request.width, request.height, components), file_(request.file) {}

 protected:
  absl::Status Start() override {
    if (absl::Status status = file_.Open(width(), height()); !status.ok()) return status;
    pixels_ = TiffPixels();
    const int64_t row_bytes = TIFFScanlineSize64(file_.tiff());
    if (!pixels_.Read(file_.tiff(), components())) return Disagree();
    scanline_.resize(std::max<size_t>(static_cast<size_t>(row_bytes), pixels_.RowBytes(width())));
    rows_per_strip_ = height();
    TIFFGetFieldDefaulted(file_.tiff(), TIFFTAG_ROWSPERSTRIP, &rows_per_strip_);
    rows_per_strip_ = std::clamp<uint32_t>(rows_per_strip_, 1, height());
    y_ = broken_before_ = 0;
    // Some strip must be readable, though not the first.
    for (uint64_t y = 0; y < height(); y += rows_per_strip_) {
      if (ReadScanline(static_cast<uint32_t>(y))) return absl::OkStatus();
    }
    return absl::DataLossError(file_.Damage());
  }

  bool ReadRow(uint8_t* out) override {
    const uint32_t y = y_++;
    if (y >= broken_before_ && ReadScanline(y)) {
      pixels_.Convert(scanline_.data(), width(), out);
      return true;
    }
    AddDamage(file_.Damage());
    // What follows in a strip depends on what came before.
    if (y >= broken_before_) broken_before_ = uint64_t{y / rows_per_strip_ + 1} * rows_per_strip_;
    std::memset(out, 255, size_t{width()} * components());
    return true;
  }

 private:
  bool ReadScanline(uint32_t y) {
    return TIFFReadScanline(file_.tiff(), scanline_.data(), y, 0) == 1;
  }

  TiffFile file_;
  TiffPixels pixels_;
  std::vector<uint8_t> scanline_;
  uint32_t rows_per_strip_ = 1;
  uint32_t y_ = 0;
  uint64_t broken_before_ = 0;  // rows up to here cannot be decoded
};

class TileRows final : public StreamedRows {
 public:
  TileRows(const DecodeRequest& request, uint32_t components)
      : StreamedRows(request.width, request.height, components), file_(request.file) {}

 protected:
  absl::Status Start() override {
    if (absl::Status status = file_.Open(width(), height()); !status.ok()) return status;
    pixels_ = TiffPixels();
    if (!pixels_.Read(file_.tiff(), components())) return Disagree();
    TIFFGetField(file_.tiff(), TIFFTAG_TILEWIDTH, &tile_width_);
    TIFFGetField(file_.tiff(), TIFFTAG_TILELENGTH, &tile_height_);
    if (tile_width_ == 0 || tile_height_ == 0 || tile_width_ % 8 != 0) {
      return absl::DataLossError("TIFF: tiles of an impossible size");
    }
    const uint64_t across = (uint64_t{width()} + tile_width_ - 1) / tile_width_;
    tile_row_bytes_ = pixels_.RowBytes(tile_width_);
    const uint64_t tile_bytes = static_cast<uint64_t>(TIFFTileSize64(file_.tiff()));
    const uint64_t rows = std::min(tile_height_, height());
    if (tile_bytes > kMaxHeldBytes || tile_bytes < tile_row_bytes_ * rows ||
        across * tile_row_bytes_ > kMaxHeldBytes / rows) {
      return absl::ResourceExhaustedError("TIFF: tiles too large");
    }
    tile_.resize(tile_bytes);
    band_.resize(across * tile_row_bytes_ * rows);
    is_broken_.resize(across);
    y_ = 0;
    band_at_ = UINT32_MAX;
    for (uint64_t y = 0; y < height(); y += tile_height_) {
      if (ReadBand(static_cast<uint32_t>(y))) return absl::OkStatus();
    }
    return absl::DataLossError(file_.Damage());
  }

  bool ReadRow(uint8_t* out) override {
    const uint32_t y = y_++;
    const uint32_t band = y - y % tile_height_;
    if (band != band_at_) ReadBand(band);
    pixels_.Convert(band_.data() + size_t{y - band} * is_broken_.size() * tile_row_bytes_, width(),
                    out);
    for (size_t i = 0; i < is_broken_.size(); ++i) {
      if (is_broken_[i] == 0) continue;
      AddDamage(file_.Damage());
      const size_t x = i * tile_width_;
      std::memset(out + x * components(), 255,
                  std::min<size_t>(tile_width_, width() - x) * components());
    }
    return true;
  }

 private:
  // True when any tile of it could be read.
  bool ReadBand(uint32_t y) {
    band_at_ = y;
    const size_t rows = std::min<size_t>(tile_height_, height() - y);
    bool any = false;
    for (size_t i = 0; i < is_broken_.size(); ++i) {
      const uint32_t x = static_cast<uint32_t>(i * tile_width_);
      is_broken_[i] = TIFFReadTile(file_.tiff(), tile_.data(), x, y, 0, 0) < 0;
      if (is_broken_[i] != 0) continue;
      any = true;
      for (size_t row = 0; row < rows; ++row) {
        std::memcpy(band_.data() + (row * is_broken_.size() + i) * tile_row_bytes_,
                    tile_.data() + row * tile_row_bytes_, tile_row_bytes_);
      }
    }
    return any;
  }

  TiffFile file_;
  TiffPixels pixels_;
  uint32_t tile_width_ = 0;
  uint32_t tile_height_ = 0;
  size_t tile_row_bytes_ = 0;
  std::vector<uint8_t> tile_;
  std::vector<uint8_t> band_;       // a row of tiles, side by side
  std::vector<uint8_t> is_broken_;  // each of them
  uint32_t band_at_ = UINT32_MAX;
  uint32_t y_ = 0;
};

class RgbaTiffRows final : public HeldRows {
 public:
  RgbaTiffRows(const DecodeRequest& request, uint32_t components)
      : HeldRows(request.width, request.height, components, request.info.orientation),
        file_(request.file) {}

 private:
  absl::StatusOr<PixelBuffer> Decode() override {
    if (absl::Status status = file_.Open(file_width(), file_height()); !status.ok()) return status;
    absl::StatusOr<PixelBuffer> pixels = MakePixels(file_width(), file_height(), 4);
    if (!pixels.ok()) return pixels;
    const size_t count = size_t{file_width()} * file_height();
    TIFFRGBAImage image;
    char message[1024] = {};
    if (TIFFRGBAImageBegin(&image, file_.tiff(), 1, message) == 0) {
      return absl::DataLossError(DamageLine("TIFF", message));
    }
    image.req_orientation = image.orientation;  // rows as the file has them
    uint32_t* raster = reinterpret_cast<uint32_t*>(pixels->get());
    const bool whole = TIFFRGBAImageGet(&image, raster, file_width(), file_height()) != 0;
    TIFFRGBAImageEnd(&image);
    if (!whole || file_.failed()) {
      const bool any = std::any_of(raster, raster + count, [](uint32_t v) { return v != ~0u; });
      if (!any) return absl::DataLossError(file_.Damage());
      SetDamage(file_.Damage());
    }
    uint8_t* out = pixels->get();
    for (size_t i = 0; i < count; ++i) {
      // libtiff has multiplied the samples with their alpha.
      const uint32_t pixel = raster[i];
      const uint8_t alpha = TIFFGetA(pixel);
      const uint8_t rgb[3] = {static_cast<uint8_t>(TIFFGetR(pixel)),
                              static_cast<uint8_t>(TIFFGetG(pixel)),
                              static_cast<uint8_t>(TIFFGetB(pixel))};
      for (uint32_t c = 0; c < components(); ++c) *out++ = PremultipliedOnWhite(rgb[c], alpha);
    }
    return pixels;
  }

  TiffFile file_;
};

}  // namespace

DecodedImage DecodeTiff(const DecodeRequest& request) {
  const uint32_t components = request.info.gray ? 1 : 3;
  TiffFile file(request.file);
  if (absl::Status status = file.Open(request.width, request.height); !status.ok()) return status;
  TiffPixels pixels;
  if (!pixels.Read(file.tiff(), components)) {
    char message[1024] = {};
    if (TIFFRGBAImageOK(file.tiff(), message) == 0) {
      return absl::UnimplementedError(DamageLine("TIFF", message));
    }
    const bool tiled = TIFFIsTiled(file.tiff()) != 0;
    const int64_t unit = tiled ? TIFFTileSize64(file.tiff()) : TIFFStripSize64(file.tiff());
    if (request.TooLargeToHold() || static_cast<uint64_t>(unit) > kMaxHeldBytes) {
      return TooLarge(request.width, request.height);
    }
    return std::make_unique<RgbaTiffRows>(request, components);
  }
  if (TurnHolds(request.info.orientation) && request.TooLargeToHold()) {
    return TooLarge(request.width, request.height);
  }
  std::unique_ptr<PixelRows> rows;
  if (TIFFIsTiled(file.tiff()) != 0) {
    rows = std::make_unique<TileRows>(request, components);
  } else {
    if (TIFFScanlineSize64(file.tiff()) > (int64_t{64} << 20)) {
      return absl::ResourceExhaustedError("TIFF: rows too long");
    }
    rows = std::make_unique<StripRows>(request, components);
  }
  return TurnUpright(std::move(rows), request.info.orientation);
}

}  // namespace cbzfs
