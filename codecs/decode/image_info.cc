#include "codecs/decode/image_info.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/formats.h"

namespace cbzfs {
namespace {

constexpr uint32_t kMaxSide = 1 << 20;
constexpr uint64_t kMaxPixels = uint64_t{1} << 31;

bool IsAvif(const ByteReader& reader) {
  if (!reader.Is(4, "ftyp")) return false;
  const uint64_t box = std::min<uint64_t>(reader.Be32(0), 256);
  for (uint64_t at = 8; at + 4 <= box; at += 4) {
    if (at != 12 && (reader.Is(at, "avif") || reader.Is(at, "avis"))) return true;
  }
  return false;
}

bool IsJpeg2000(const ByteReader& reader) {
  return reader.Is(0, std::string_view("\0\0\0\x0CjP  \r\n\x87\n", 12)) ||
         reader.Is(0, "\xFF\x4F\xFF\x51");
}

bool IsTiff(const ByteReader& reader) {
  // Version 42, or 43 for BigTIFF.
  return (reader.Is(0, "II") && (reader.Le16(2) == 42 || reader.Le16(2) == 43)) ||
         (reader.Is(0, "MM") && (reader.Be16(2) == 42 || reader.Be16(2) == 43));
}

bool IsJxl(const ByteReader& reader) {
  return reader.Is(0, "\xFF\x0A") || reader.Is(0, std::string_view("\0\0\0\x0CJXL \r\n\x87\n", 12));
}

// "BM" alone begins too many texts: a header of a known size must follow.
bool IsBmp(const ByteReader& reader) {
  if (!reader.Is(0, "BM")) return false;
  const uint32_t header = reader.Le32(14);
  return header == 12 || header == 16 || header == 40 || header == 52 || header == 56 ||
         header == 64 || header == 108 || header == 124;
}

absl::StatusOr<ImageInfo> ReadFormat(ImageFormat format, Bytes head, uint64_t file_bytes) {
  switch (format) {
    case ImageFormat::kJpeg:
      return ReadJpegInfo(head);
    case ImageFormat::kPng:
      return ReadPngInfo(head.subspan(0, kImageHeadBytes));
    case ImageFormat::kGif:
      return ReadGifInfo(head);
    case ImageFormat::kWebp:
      return ReadWebpInfo(head.subspan(0, kImageHeadBytes));
    case ImageFormat::kBmp:
      return ReadBmpInfo(head);
    case ImageFormat::kTiff:
      return ReadTiffInfo(head);
    case ImageFormat::kJpeg2000:
      return ReadJpeg2000Info(head);
#ifdef CBZFS_HAVE_AVIF
    case ImageFormat::kAvif:
      return ReadAvifInfo(head, file_bytes);
#endif
#ifdef CBZFS_HAVE_JXL
    case ImageFormat::kJxl:
      return ReadJxlInfo(head);
#endif
    default:
      break;
  }
  static_cast<void>(file_bytes);  // only AVIF asks for it
  return absl::InvalidArgumentError("no image of a known format");
}

}  // namespace

ImageFormat FormatOf(absl::Span<const uint8_t> head) {
  const ByteReader reader(head);
  if (reader.Is(0, "\xFF\xD8\xFF")) return ImageFormat::kJpeg;
  if (reader.Is(0, "\x89PNG\r\n\x1A\n")) return ImageFormat::kPng;
  if (reader.Is(0, "GIF87a") || reader.Is(0, "GIF89a")) return ImageFormat::kGif;
  if (reader.Is(0, "RIFF") && reader.Is(8, "WEBP")) return ImageFormat::kWebp;
  if (IsBmp(reader)) return ImageFormat::kBmp;
  if (IsTiff(reader)) return ImageFormat::kTiff;
  if (IsJpeg2000(reader)) return ImageFormat::kJpeg2000;
#ifdef CBZFS_HAVE_AVIF
  if (IsAvif(reader)) return ImageFormat::kAvif;
#endif
#ifdef CBZFS_HAVE_JXL
  if (IsJxl(reader)) return ImageFormat::kJxl;
#endif
  return ImageFormat::kUnknown;
}

absl::StatusOr<ImageInfo> ReadImageInfo(absl::Span<const uint8_t> head, uint64_t file_bytes) {
  const ImageFormat format = FormatOf(head);
  if (format == ImageFormat::kUnknown) {
    return absl::InvalidArgumentError("no image of a known format");
  }
  if (file_bytes > kMaxImageFileBytes) {
    return absl::OutOfRangeError(absl::StrCat("image file of ", file_bytes >> 20, " MiB"));
  }
  absl::StatusOr<ImageInfo> info = ReadFormat(format, head, file_bytes);
  if (!info.ok()) return info;
  info->format = format;
  if (info->width == 0 || info->height == 0) {
    return absl::InvalidArgumentError("image without a size");
  }
  if (info->width > kMaxSide || info->height > kMaxSide ||
      uint64_t{info->width} * info->height > kMaxPixels) {
    return absl::OutOfRangeError(
        absl::StrCat("image of ", info->width, " x ", info->height, " pixels"));
  }
  return info;
}

}  // namespace cbzfs
