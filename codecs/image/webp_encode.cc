#include "codecs/image/webp_encode.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include <webp/encode.h>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "codecs/document/page_format.h"
#include "codecs/image/kept_rows.h"

namespace cbzfs {
namespace {

constexpr int kMethod = 1;
// libwebp halves the resolution of colours by pairs of rows: strips of an even height give what all
// of the picture gives.
constexpr uint32_t kStrip = 16;
constexpr size_t kFileHeader = 12;  // of the simple form, before its one chunk

using Row = absl::FunctionRef<const uint8_t*(uint32_t y)>;

struct Output {
  std::string bytes;
  bool memory_ended = false;
};

int Write(const uint8_t* data, size_t size, const WebPPicture* picture) {
  auto* const output = static_cast<Output*>(picture->custom_ptr);
  try {
    output->bytes.append(reinterpret_cast<const char*>(data), size);
  } catch (const std::bad_alloc&) {
    output->memory_ended = true;
    return 0;
  }
  return 1;
}

absl::Status ErrorOf(const WebPPicture& picture, const Output& output) {
  switch (picture.error_code) {
    case VP8_ENC_ERROR_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
      return absl::ResourceExhaustedError("no memory for a WebP");
    case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
    case VP8_ENC_ERROR_PARTITION_OVERFLOW:
    case VP8_ENC_ERROR_FILE_TOO_BIG:
      return absl::OutOfRangeError("more than a WebP can hold");
    default:
      if (output.memory_ended) return absl::ResourceExhaustedError("no memory for a WebP");
      return absl::InternalError(
          absl::StrCat("libwebp refuses a page: error ", static_cast<int>(picture.error_code)));
  }
}

// The one chunk of the file that libwebp makes.
absl::StatusOr<std::string> EncodeChunk(const WebPConfig& config, WebPPicture* picture) {
  Output output;
  picture->writer = Write;
  // cppcheck-suppress autoVariables; used by WebPEncode() alone
  picture->custom_ptr = &output;
  const bool encoded = WebPEncode(&config, picture) != 0;
  picture->custom_ptr = nullptr;
  if (!encoded) return ErrorOf(*picture, output);
  if (output.bytes.size() < kFileHeader + 8 || output.bytes.compare(8, 6, "WEBPVP") != 0) {
    return absl::InternalError("libwebp made no simple WebP");
  }
  output.bytes.erase(0, kFileHeader);
  return std::move(output.bytes);
}

absl::Status CheckSize(uint32_t width, uint32_t height, uint32_t components) {
  if (width == 0 || height == 0 || width > kMaxWebpSide || height > kMaxWebpSide ||
      (components != 1 && components != 3)) {
    return absl::InvalidArgumentError("an impossible WebP");
  }
  return absl::OkStatus();
}

void Init(uint32_t width, uint32_t height, WebPPicture* picture) {
  picture->width = static_cast<int>(width);
  picture->height = static_cast<int>(height);
}

struct PlaneCopy {
  const uint8_t* from;
  int from_stride;
  uint8_t* to;
  int to_stride;
  int width;
  int height;

  void Do() const {
    for (int y = 0; y < height; ++y) {
      std::memcpy(to + ptrdiff_t{y} * to_stride, from + ptrdiff_t{y} * from_stride,
                  static_cast<size_t>(width));
    }
  }
};

// Rows of RGB, `height` of them, into the picture from row `top` on.
absl::Status ImportStrip(const uint8_t* rgb, uint32_t top, uint32_t height, WebPPicture* picture) {
  WebPPicture strip;
  if (WebPPictureInit(&strip) == 0) return absl::InternalError("libwebp is of another kind");
  Init(static_cast<uint32_t>(picture->width), height, &strip);
  if (WebPPictureImportRGB(&strip, rgb, 3 * picture->width) == 0) {
    WebPPictureFree(&strip);
    return absl::ResourceExhaustedError("no memory for a WebP");
  }
  const int rows = static_cast<int>(height);
  const int y = static_cast<int>(top);
  const int half_width = (picture->width + 1) / 2;
  const ptrdiff_t uv_at = ptrdiff_t{y / 2} * picture->uv_stride;
  PlaneCopy{strip.y, strip.y_stride, picture->y + ptrdiff_t{y} * picture->y_stride,
            picture->y_stride, picture->width, rows}.Do();
  PlaneCopy{strip.u, strip.uv_stride, picture->u + uv_at, picture->uv_stride, half_width,
            (rows + 1) / 2}.Do();
  PlaneCopy{strip.v, strip.uv_stride, picture->v + uv_at, picture->uv_stride, half_width,
            (rows + 1) / 2}.Do();
  WebPPictureFree(&strip);
  return absl::OkStatus();
}

// kCancelled where `row` gives null.
absl::Status Import(uint32_t components, Row row, WebPPicture* picture) {
  const auto width = static_cast<uint32_t>(picture->width);
  const auto height = static_cast<uint32_t>(picture->height);
  std::vector<uint8_t> rgb;
  try {
    rgb.resize(size_t{width} * 3 * kStrip);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for a WebP");
  }
  for (uint32_t top = 0; top < height; top += kStrip) {
    const uint32_t rows = std::min(kStrip, height - top);
    uint8_t* to = rgb.data();
    for (uint32_t y = top; y < top + rows; ++y) {
      const uint8_t* const from = row(y);
      if (from == nullptr) return absl::CancelledError("the rows ended");
      if (components == 3) {
        to = std::copy_n(from, size_t{width} * 3, to);
        continue;
      }
      for (uint32_t x = 0; x < width; ++x) to = std::fill_n(to, 3, from[x]);
    }
    if (absl::Status s = ImportStrip(rgb.data(), top, rows, picture); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace

void WebpPicture::Deleter::operator()(WebPPicture* picture) const {
  WebPPictureFree(picture);
  delete picture;
}

absl::StatusOr<WebpPicture> WebpPicture::Read(const RowSource& source) {
  if (auto s = CheckSize(source.width, source.height, source.components); !s.ok()) return s;
  Handle picture(new WebPPicture);
  if (WebPPictureInit(picture.get()) == 0) {
    return absl::InternalError("libwebp is of another kind");
  }
  Init(source.width, source.height, picture.get());
  if (WebPPictureAlloc(picture.get()) == 0) {
    return absl::ResourceExhaustedError("no memory for a WebP");
  }
  const auto row = [&](uint32_t y) { return source.row(source.state, y); };
  if (auto s = Import(source.components, row, picture.get()); !s.ok()) return s;
  return WebpPicture(std::move(picture));
}

absl::StatusOr<WebpPicture> WebpPicture::Read(PixelRows& rows) {
  if (absl::Status status = rows.Rewind(); !status.ok()) return status;
  const RowSource source{
      rows.width(), rows.height(), rows.components(),
      [](void* state, uint32_t) { return static_cast<PixelRows*>(state)->Next(); }, &rows};
  absl::StatusOr<WebpPicture> picture = Read(source);
  if (absl::IsCancelled(picture.status())) return WhyRowsEnded(rows);
  return picture;
}

absl::StatusOr<std::string> WebpPicture::Encode(uint32_t quality) const {
  WebPConfig config;
  if (WebPConfigInit(&config) == 0) return absl::InternalError("libwebp is of another kind");
  config.quality = static_cast<float>(quality);
  config.method = kMethod;
  config.thread_level = 0;
  absl::StatusOr<std::string> chunk = EncodeChunk(config, picture_.get());
  if (!absl::IsOutOfRange(chunk.status())) return chunk;
  // Modes of prediction go into one part of half a megabyte; coarser ones take less.
  config.partition_limit = 100;
  return EncodeChunk(config, picture_.get());
}

absl::StatusOr<std::string> EncodeWebpLossless(PixelRows& rows) {
  if (auto s = CheckSize(rows.width(), rows.height(), rows.components()); !s.ok()) return s;
  if (absl::Status status = rows.Rewind(); !status.ok()) return status;
  WebpPicture::Handle picture(new WebPPicture);
  WebPConfig config;
  if (WebPPictureInit(picture.get()) == 0 || WebPConfigInit(&config) == 0) {
    return absl::InternalError("libwebp is of another kind");
  }
  config.lossless = 1;
  // More than the least effort saves little for its time (tests/bench/calibrate/READERS.md).
  config.method = 0;
  config.quality = 0;
  config.thread_level = 0;
  Init(rows.width(), rows.height(), picture.get());
  picture->use_argb = 1;
  if (WebPPictureAlloc(picture.get()) == 0) {
    return absl::ResourceExhaustedError("no memory for a WebP");
  }
  for (uint32_t y = 0; y < rows.height(); ++y) {
    const uint8_t* pixel = rows.Next();
    if (pixel == nullptr) return WhyRowsEnded(rows);
    uint32_t* const to = picture->argb + ptrdiff_t{y} * picture->argb_stride;
    for (uint32_t x = 0; x < rows.width(); ++x) {
      const uint32_t red = *pixel;
      const uint32_t green = rows.components() == 1 ? red : pixel[1];
      const uint32_t blue = rows.components() == 1 ? red : pixel[2];
      to[x] = 0xFF00'0000 | red << 16 | green << 8 | blue;
      pixel += rows.components();
    }
  }
  return EncodeChunk(config, picture.get());
}

}  // namespace cbzfs
