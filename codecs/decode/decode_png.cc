// PNG (ISO 15948) through libpng: rows as they come, or the whole picture when it is interlaced.
//
// Samples of 16 bits keep their high byte, as Pillow reads RGB; fewer than 8 bits are spread over
// 0 to 255. Gamma, background and significant bits are ignored. Of an APNG this is its default
// image.

#include <csetjmp>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <png.h>

#include "absl/status/status.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/exif.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/pixel_math.h"
#include "codecs/decode/png_chunks.h"

namespace cbzfs {
namespace {

constexpr png_uint_32 kMaxSide = 1 << 20;

// Chunks that say nothing about pixels as we take them: libpng need not inflate or keep them.
constexpr png_byte kIgnored[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0"
    "tIME\0zTXt";

struct Source {
  const uint8_t* bytes;
  size_t left;
};

// Plain data, as libpng jumps over the frames that use it.
struct Decoder {
  png_structp png;
  png_infop info;
  Source source;
  bool warned;
  char message[160];
};

void Keep(Decoder* decoder, const char* message) {
  std::strncpy(decoder->message, message, sizeof decoder->message - 1);
}

[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  Keep(static_cast<Decoder*>(png_get_error_ptr(png)), message);
  png_longjmp(png, 1);
}

// Most warnings are about chunks that do not matter; a check sum that is wrong does.
void OnWarning(png_structp png, png_const_charp message) {
  Decoder* decoder = static_cast<Decoder*>(png_get_error_ptr(png));
  if (decoder->warned || std::strstr(message, "CRC") == nullptr) return;
  decoder->warned = true;
  Keep(decoder, message);
}

void Read(png_structp png, png_bytep out, size_t length) {
  Source* source = static_cast<Source*>(png_get_io_ptr(png));
  if (length > source->left) png_error(png, "file ends early");
  std::memcpy(out, source->bytes, length);
  source->bytes += length;
  source->left -= length;
}

void Configure(png_structp png) {
  png_set_user_limits(png, kMaxSide, kMaxSide);
  // The picture is shown as far as zlib understands it, whatever the check sums say.
  png_set_crc_action(png, PNG_CRC_WARN_USE, PNG_CRC_QUIET_USE);
  // libpng has no use for a part of a read that fails: of a file that is cut, so much is lost.
  png_set_compression_buffer_size(png, 512);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, kIgnored, sizeof kIgnored / 5);
}

bool Begin(Decoder* decoder) {
  if (setjmp(png_jmpbuf(decoder->png)) != 0) return false;
  png_structp png = decoder->png;
  Configure(png);
  png_set_read_fn(png, &decoder->source, Read);
  png_read_info(png, decoder->info);
  const png_byte color = png_get_color_type(png, decoder->info);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (color == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  if (png_get_valid(png, decoder->info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png);
  png_set_strip_16(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, decoder->info);
  return true;
}

bool ReadLine(Decoder* decoder, uint8_t* row) {
  if (setjmp(png_jmpbuf(decoder->png)) != 0) return false;
  png_read_row(decoder->png, row, nullptr);
  return true;
}

// All passes over the picture; pixels of passes that are missing are filled from earlier ones.
bool ReadInterlaced(Decoder* decoder, uint8_t* pixels, size_t row_bytes, uint32_t height) {
  volatile bool any = false;
  if (setjmp(png_jmpbuf(decoder->png)) != 0) {
    decoder->warned = true;
    return any;
  }
  for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; ++pass) {
    for (uint32_t y = 0; y < height; ++y) {
      png_read_row(decoder->png, nullptr, pixels + y * row_bytes);
      any = true;
    }
  }
  return true;
}

// What both ways of reading share.
class PngFile {
 public:
  PngFile(Bytes file, uint32_t width, uint32_t height, uint32_t components)
      : file_(file), width_(width), height_(height), components_(components) {}
  ~PngFile() { Close(); }
  PngFile(const PngFile&) = delete;
  PngFile& operator=(const PngFile&) = delete;

  absl::Status Open() {
    Close();
    decoder_ = {};
    decoder_.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder_, OnError, OnWarning);
    if (decoder_.png != nullptr) decoder_.info = png_create_info_struct(decoder_.png);
    if (decoder_.info == nullptr) return absl::ResourceExhaustedError("no memory for libpng");
    decoder_.source = {file_.data(), file_.size()};
    if (!Begin(&decoder_)) return absl::DataLossError(DamageLine("PNG", decoder_.message));
    const uint32_t channels = png_get_channels(decoder_.png, decoder_.info);
    if (png_get_image_width(decoder_.png, decoder_.info) != width_ ||
        png_get_image_height(decoder_.png, decoder_.info) != height_ || channels < components_ ||
        channels > components_ + 1 || png_get_bit_depth(decoder_.png, decoder_.info) != 8) {
      return absl::DataLossError("PNG: header and picture disagree");
    }
    alpha_ = channels == components_ + 1;
    return absl::OkStatus();
  }

  Decoder* decoder() { return &decoder_; }
  bool alpha() const { return alpha_; }
  uint32_t channels() const { return components_ + (alpha_ ? 1 : 0); }

 private:
  void Close() {
    if (decoder_.png != nullptr) png_destroy_read_struct(&decoder_.png, &decoder_.info, nullptr);
  }

  const Bytes file_;
  const uint32_t width_;
  const uint32_t height_;
  const uint32_t components_;
  bool alpha_ = false;
  Decoder decoder_ = {};
};

class PngRows final : public StreamedRows {
 public:
  PngRows(const DecodeRequest& request, uint32_t components)
      : StreamedRows(request.width, request.height, components),
        png_(request.file, request.width, request.height, components) {}

 protected:
  absl::Status Start() override {
    if (absl::Status status = png_.Open(); !status.ok()) return status;
    if (png_.alpha()) with_alpha_.resize(size_t{width()} * png_.channels());
    return absl::OkStatus();
  }
  bool ReadRow(uint8_t* out) override {
    uint8_t* row = png_.alpha() ? with_alpha_.data() : out;
    const bool read = ReadLine(png_.decoder(), row);
    if (!read || png_.decoder()->warned) AddDamage(DamageLine("PNG", png_.decoder()->message));
    if (read && png_.alpha()) {
      FlattenOnWhite(row, width(), static_cast<int>(components()), out);
    }
    return read;
  }

 private:
  PngFile png_;
  std::vector<uint8_t> with_alpha_;
};

class InterlacedPngRows final : public HeldRows {
 public:
  InterlacedPngRows(const DecodeRequest& request, uint32_t components)
      : HeldRows(request.width, request.height, components, request.info.orientation),
        png_(request.file, request.width, request.height, components) {}

 private:
  absl::StatusOr<PixelBuffer> Decode() override {
    if (absl::Status status = png_.Open(); !status.ok()) return status;
    absl::StatusOr<PixelBuffer> pixels = MakePixels(file_width(), file_height(), png_.channels());
    if (!pixels.ok()) return pixels;
    const size_t row_bytes = size_t{file_width()} * png_.channels();
    Decoder* decoder = png_.decoder();
    const bool any = ReadInterlaced(decoder, pixels->get(), row_bytes, file_height());
    if (!any) return absl::DataLossError(DamageLine("PNG", decoder->message));
    if (decoder->warned) SetDamage(DamageLine("PNG", decoder->message));
    if (png_.alpha()) {
      FlattenOnWhite(pixels->get(), size_t{file_width()} * file_height(),
                     static_cast<int>(components()), pixels->get());
    }
    return pixels;
  }

  PngFile png_;
};

}  // namespace

DecodedImage DecodePng(const DecodeRequest& request) {
  const uint32_t components = request.info.gray ? 1 : 3;
  const bool interlaced = ReadPngChunks(request.file).interlaced;
  if ((interlaced || TurnHolds(request.info.orientation)) && request.TooLargeToHold()) {
    return TooLarge(request.width, request.height);
  }
  if (interlaced) return std::make_unique<InterlacedPngRows>(request, components);
  return TurnUpright(std::make_unique<PngRows>(request, components), request.info.orientation);
}

}  // namespace cbzfs
