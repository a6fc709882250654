#include "codecs/decode/image_decode.h"

#include <new>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/icc_profile.h"
#include "codecs/decode/image_info.h"

namespace cbzfs {
namespace {

DecodedImage Decode(const DecodeRequest& request) {
  switch (request.info.format) {
    case ImageFormat::kJpeg:
      return DecodeJpeg(request);
    case ImageFormat::kPng:
      return DecodePng(request);
    case ImageFormat::kGif:
      return DecodeGif(request);
    case ImageFormat::kWebp:
      return DecodeWebp(request);
    case ImageFormat::kBmp:
      return DecodeBmp(request);
    case ImageFormat::kTiff:
      return DecodeTiff(request);
    case ImageFormat::kJpeg2000:
      return DecodeJpeg2000(request);
#ifdef CBZFS_HAVE_AVIF
    case ImageFormat::kAvif:
      return DecodeAvif(request);
#endif
#ifdef CBZFS_HAVE_JXL
    case ImageFormat::kJxl:
      return DecodeJxl(request);
#endif
    default:
      return absl::InvalidArgumentError("no image of a known format");
  }
}

std::string Profile(absl::Span<const uint8_t> file, ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return JpegProfile(file);
    case ImageFormat::kPng:
      return PngProfile(file);
    case ImageFormat::kWebp:
      return WebpProfile(file);
    case ImageFormat::kTiff:
      return TiffProfile(file);
    default:
      return {};
  }
}

}  // namespace

absl::Status TooLarge(uint32_t width, uint32_t height) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "image of ", width, " x ", height, " pixels would have to be held in memory as a whole"));
}

absl::StatusOr<std::unique_ptr<PixelRows>> DecodeImage(absl::Span<const uint8_t> file,
                                                       const DecodeSize& size) {
  const absl::StatusOr<ImageInfo> info = ReadImageInfo(file, file.size());
  if (!info.ok()) return info.status();
  DecodeRequest request = {
      .file = file, .info = *info, .width = info->width, .height = info->height, .least = size};
  if (info->orientation >= 5) {
    std::swap(request.width, request.height);
    std::swap(request.least.least_width, request.least.least_height);
  }
  try {
    return Decode(request);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for an image");
  }
}

std::string IccSegments(absl::Span<const uint8_t> file) {
  const absl::StatusOr<ImageInfo> info = ReadImageInfo(file, file.size());
  if (!info.ok() || info->icc_bytes == 0) return {};
  try {
    const std::string profile = Profile(file, info->format);
    std::string segments = IccSegmentsOf(
        {reinterpret_cast<const uint8_t*>(profile.data()), profile.size()}, info->gray);
    if (segments.size() > info->icc_bytes) segments.clear();
    return segments;
  } catch (const std::bad_alloc&) {
    return {};
  }
}

}  // namespace cbzfs
