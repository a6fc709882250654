#include "codecs/picture/image_page.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "codecs/decode/image_decode.h"
#include "codecs/decode/image_info.h"
#include "codecs/decode/jpeg_header.h"
#include "codecs/document/picture_size.h"
#include "codecs/image/pixel_rows.h"
#include "codecs/image/resize.h"
#include "codecs/image/size_sample.h"

namespace cbzfs {
namespace {

using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls): by the literals

// An analysis is not admitted by memory, so it decodes nothing that holds more than this.
constexpr uint64_t kMostSampleBytes = 64 << 20;

// Some programs leave a few bytes behind the end of an image.
constexpr size_t kTailBytes = 1024;

std::optional<double> Measure(absl::Span<const uint8_t> file, const SlotImage& image,
                              const AnalyseOptions& options) {
  auto rows = DecodeImage(file, {.least_width = image.width, .least_height = image.height});
  if (!rows.ok()) return std::nullopt;
  rows = ResizeRows(*std::move(rows), image.width, image.height);
  const auto bytes = EstimateEnhancedPayload(**rows, options.enhance, options.quality);
  if (!bytes.ok()) return std::nullopt;
  return *bytes;
}

}  // namespace

absl::StatusOr<ImagePage> DescribeImage(absl::Span<const uint8_t> head, uint64_t file_bytes) {
  const absl::StatusOr<ImageInfo> info = ReadImageInfo(head, file_bytes);
  if (!info.ok()) return info.status();
  if (uint64_t{info->width} * info->height > kMaxImagePixels) {
    return absl::OutOfRangeError(absl::StrCat("an image of ", info->width, " x ", info->height,
                                              " pixels is too large to be decoded"));
  }
  const PictureSize size = LimitPixels({info->width, info->height});
  ImagePage page;
  page.row.kind = PageKind::kImage;
  page.row.width = size.width;
  page.row.height = size.height;
  page.row.gray = info->gray;
  page.row.decode_bytes = info->decode_bytes;
  page.slot = {.width = size.width,
               .height = size.height,
               .file_bytes = file_bytes,
               .file_pixels = uint64_t{info->width} * info->height,
               .format = info->format,
               .quantiser = info->quantiser,
               .icc_bytes = info->icc_bytes};
  return page;
}

bool EndsProperly(absl::Span<const uint8_t> file) {
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kTailBytes));
  switch (FormatOf(file)) {
    case ImageFormat::kJpeg: {
      const absl::StatusOr<JpegHeader> header = ReadJpegHeader(file);
      return header.ok() && FindLastEoi(file, *header) < file.size();
    }
    case ImageFormat::kPng:
      return tail.find("IEND\xAE\x42\x60\x82"sv) != std::string_view::npos;
    case ImageFormat::kGif:
      return tail.find("\x00;"sv) != std::string_view::npos;
    default:
      return true;
  }
}

void FillEnhancedSlots(absl::Span<const SlotImage> images, const AnalyseOptions& options,
                       bool sparing, absl::FunctionRef<void(size_t, UseImage)> data,
                       absl::Span<Page* const> rows) {
  std::vector<std::optional<double>> measured(images.size());
  if (!sparing) {
    for (const size_t i : ChooseEnhancedSample(images)) {
      if (rows[i]->decode_bytes > kMostSampleBytes) continue;
      data(i, [&](absl::Span<const uint8_t> file) {
        measured[i] = Measure(file, images[i], options);
      });
    }
  }
  const std::vector<uint32_t> slots = ChooseEnhancedSlots(images, measured, options.quality);
  for (size_t i = 0; i < slots.size(); ++i) rows[i]->enhanced_bytes = slots[i];
}

}  // namespace cbzfs
