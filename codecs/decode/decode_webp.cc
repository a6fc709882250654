// WebP (RFC 9649) through libwebp: held as a whole, scaled by the decoder where less is wanted.
//
// Of an animation it is the first frame, laid on a white canvas; that one is not scaled. A lossless
// picture is held by libwebp at full size besides, whatever size it gives.

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include <webp/decode.h>
#include <webp/demux.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/exif.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/icc_profile.h"
#include "codecs/decode/pixel_math.h"

namespace cbzfs {
namespace {

struct Chunk {
  uint64_t at = 0;  // of its data; 0: not there
  uint64_t bytes = 0;
};

// The first chunk so named that begins within the first kImageHeadBytes.
Chunk FindChunk(Bytes file, std::string_view name) {
  const ByteReader reader(file.subspan(0, kImageHeadBytes));
  if (!reader.Is(12, "VP8X")) return {};  // others have only their picture
  for (uint64_t at = 12; reader.Has(at, 8);) {
    const uint64_t bytes = reader.Le32(at + 4);
    if (reader.Is(at, name)) return {at + 8, bytes};
    at += 8 + bytes + (bytes & 1);
  }
  return {};
}

struct WebpHeader {
  uint32_t width = 0;
  uint32_t height = 0;
  bool alpha = false;
  bool animated = false;
  bool lossy = false;  // surely
  int orientation = 1;
};

absl::StatusOr<WebpHeader> ReadHeader(Bytes file) {
  const Bytes head = file.subspan(0, kImageHeadBytes);
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(head.data(), head.size(), &features) != VP8_STATUS_OK) {
    return absl::InvalidArgumentError("WebP with a broken header");
  }
  WebpHeader header = {.width = static_cast<uint32_t>(features.width),
                       .height = static_cast<uint32_t>(features.height),
                       .alpha = features.has_alpha != 0,
                       .animated = features.has_animation != 0,
                       .lossy = features.format == 1};
  const ByteReader reader(head);
  if (const Chunk exif = FindChunk(file, "EXIF"); exif.at != 0 && reader.Has(exif.at, exif.bytes)) {
    // Some programs put the tag of JPEG's segment before it.
    const uint64_t tag = reader.Is(exif.at, std::string_view("Exif\0\0", 6)) ? 6 : 0;
    header.orientation = ExifOrientation(reader.Slice(exif.at + tag, exif.bytes - tag));
  }
  return header;
}

struct IdecDeleter {
  void operator()(WebPIDecoder* decoder) const { WebPIDelete(decoder); }
};
struct DemuxDeleter {
  void operator()(WebPDemuxer* demux) const { WebPDemuxDelete(demux); }
};

struct Target {
  uint8_t* pixels = nullptr;
  size_t stride = 0;
  uint32_t width = 0;
  uint32_t height = 0;
  bool alpha = false;
  bool scaled = false;
};

// Decodes as many rows as there are. `damage` is set when that is not all of them.
absl::Status DecodeInto(Bytes data, const Target& target, std::string* damage) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) return absl::InternalError("libwebp is of another kind");
  config.options.use_scaling = target.scaled ? 1 : 0;
  config.options.scaled_width = static_cast<int>(target.width);
  config.options.scaled_height = static_cast<int>(target.height);
  config.output.colorspace = target.alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = target.pixels;
  config.output.u.RGBA.stride = static_cast<int>(target.stride);
  config.output.u.RGBA.size =
      target.stride * (target.height - 1) + size_t{target.width} * (target.alpha ? 4 : 3);
  const std::unique_ptr<WebPIDecoder, IdecDeleter> decoder(WebPIDecode(nullptr, 0, &config));
  if (decoder == nullptr) return absl::ResourceExhaustedError("no memory for libwebp");
  const VP8StatusCode code = WebPIUpdate(decoder.get(), data.data(), data.size());
  if (code == VP8_STATUS_OUT_OF_MEMORY) return absl::ResourceExhaustedError("no memory for WebP");
  if (code == VP8_STATUS_OK) return absl::OkStatus();
  const char* what = code == VP8_STATUS_SUSPENDED ? "file ends early" : "broken picture data";
  int rows = 0;
  WebPIDecGetRGB(decoder.get(), &rows, nullptr, nullptr, nullptr);
  if (rows <= 0) return absl::DataLossError(DamageLine("WebP", what));
  // Further rows may have been begun.
  for (uint32_t y = static_cast<uint32_t>(rows); y < target.height; ++y) {
    std::fill_n(target.pixels + y * target.stride, size_t{target.width} * (target.alpha ? 4 : 3),
                uint8_t{255});
  }
  *damage = DamageLine("WebP", what);
  return absl::OkStatus();
}

class WebpRows final : public HeldRows {
 public:
  WebpRows(const DecodeRequest& request, const WebpHeader& header, uint32_t width, uint32_t height)
      : HeldRows(width, height, 3, header.orientation), file_(request.file), header_(header) {}

 private:
  absl::StatusOr<PixelBuffer> Decode() override {
    const uint32_t channels = header_.alpha || header_.animated ? 4 : 3;
    absl::StatusOr<PixelBuffer> pixels = MakePixels(file_width(), file_height(), channels);
    if (!pixels.ok()) return pixels;
    Target target = {.pixels = pixels->get(),
                     .stride = size_t{file_width()} * channels,
                     .width = file_width(),
                     .height = file_height(),
                     .alpha = channels == 4,
                     .scaled = file_width() != header_.width || file_height() != header_.height};
    std::string damage;
    const absl::Status status =
        header_.animated ? DecodeFirstFrame(target, &damage) : DecodeInto(file_, target, &damage);
    if (!status.ok()) return status;
    SetDamage(std::move(damage));
    if (channels == 4) {
      FlattenOnWhite(pixels->get(), size_t{file_width()} * file_height(), 3, pixels->get());
    }
    return pixels;
  }

  absl::Status DecodeFirstFrame(Target target, std::string* damage) {
    const WebPData data = {file_.data(), file_.size()};
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    const std::unique_ptr<WebPDemuxer, DemuxDeleter> demux(WebPDemuxPartial(&data, &state));
    WebPIterator frame = {};
    if (demux == nullptr || WebPDemuxGetFrame(demux.get(), 1, &frame) == 0) {
      return absl::DataLossError("WebP: no whole frame");
    }
    // The rest of `frame` needs no release: it borrows.
    const bool fits = frame.width > 0 && frame.height > 0 && frame.x_offset >= 0 &&
                      frame.y_offset >= 0 &&
                      uint64_t(frame.x_offset) + uint64_t(frame.width) <= target.width &&
                      uint64_t(frame.y_offset) + uint64_t(frame.height) <= target.height;
    const Bytes fragment(frame.fragment.bytes, frame.fragment.size);
    target.pixels += static_cast<size_t>(frame.y_offset) * target.stride +
                     static_cast<size_t>(frame.x_offset) * 4;
    target.width = static_cast<uint32_t>(frame.width);
    target.height = static_cast<uint32_t>(frame.height);
    WebPDemuxReleaseIterator(&frame);
    if (!fits) return absl::DataLossError("WebP: frame outside the canvas");
    return DecodeInto(fragment, target, damage);
  }

  const Bytes file_;
  const WebpHeader header_;
};

// The smallest size of the same shape with both sides at least these.
void Shrink(const DecodeSize& least, uint32_t* width, uint32_t* height) {
  const uint64_t w = *width;
  const uint64_t h = *height;
  uint64_t to_width = std::max<uint64_t>(least.least_width, 1);
  uint64_t to_height = std::max<uint64_t>(least.least_height, 1);
  if (to_width >= w || to_height >= h) return;
  if (to_width * h >= to_height * w) {
    to_height = (to_width * h + w - 1) / w;
  } else {
    to_width = (to_height * w + h - 1) / h;
  }
  *width = static_cast<uint32_t>(to_width);
  *height = static_cast<uint32_t>(to_height);
}

}  // namespace

absl::StatusOr<ImageInfo> ReadWebpInfo(Bytes head) {
  const absl::StatusOr<WebpHeader> header = ReadHeader(head);
  if (!header.ok()) return header.status();
  ImageInfo info;
  info.width = header->width;
  info.height = header->height;
  info.orientation = header->orientation;
  if (info.orientation >= 5) std::swap(info.width, info.height);
  // Its pixels with alpha, a plane of alpha again or libwebp's own 32-bit pixels, and some rows.
  const uint64_t pixels = uint64_t{header->width} * header->height;
  const uint64_t given = header->alpha || header->animated ? 4 : 3;
  const uint64_t inside = header->lossy ? (header->alpha ? 1 : 0) : 4;
  info.decode_bytes = pixels * (given + inside) + uint64_t{header->width} * 64 + (256 << 10);
  if (const Chunk icc = FindChunk(head, "ICCP"); icc.at != 0) {
    if (ProfileFits(ByteReader(head).Slice(icc.at, icc.bytes), info.gray)) {
      info.icc_bytes = IccSegmentBytes(icc.bytes);
    }
  }
  return info;
}

DecodedImage DecodeWebp(const DecodeRequest& request) {
  const absl::StatusOr<WebpHeader> header = ReadHeader(request.file);
  if (!header.ok()) return header.status();
  uint32_t width = request.width;
  uint32_t height = request.height;
  if (!header->lossy && request.TooLargeToHold()) return TooLarge(width, height);
  if (!header->animated) {
    DecodeSize least = request.least;
    if (least.least_width == 0 && least.least_height == 0) least = {width, height};
    Shrink(least, &width, &height);
    if (uint64_t{width} * height > kMaxPagePixels) {
      const double scale = std::sqrt(double{kMaxPagePixels} / (double(width) * height));
      width = std::max(1u, static_cast<uint32_t>(width * scale));
      height = std::max(1u, static_cast<uint32_t>(height * scale));
    }
  }
  return std::make_unique<WebpRows>(request, *header, width, height);
}

std::string WebpProfile(Bytes file) {
  const Chunk icc = FindChunk(file, "ICCP");
  if (icc.at == 0 || icc.bytes > kMaxProfileBytes) return {};
  const Bytes profile = ByteReader(file).Slice(icc.at, icc.bytes);
  return {reinterpret_cast<const char*>(profile.data()), profile.size()};
}

}  // namespace cbzfs
