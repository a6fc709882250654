// A page for a device: cut, cropped, scaled, enhanced, laid on its canvas, reduced to gray levels.

#include <algorithm>
#include <memory>
#include <utility>

#include "codecs/decode/image_decode.h"
#include "codecs/image/dither.h"
#include "codecs/image/enhance.h"
#include "codecs/image/kept_rows.h"
#include "codecs/image/margins.h"
#include "codecs/image/page_rows.h"
#include "codecs/image/pixel_rows.h"
#include "codecs/image/resize.h"
#include "codecs/picture/finish_picture.h"
#include "codecs/picture/picture.h"

namespace cbzfs {
namespace {

// Decoded pixels that are kept between the look for margins and the scaling; more are decoded
// twice.
constexpr uint64_t kMostDecodedPixels = 4'000'000;
// Of a slot, one byte in so many for a colour profile.
constexpr size_t kProfileOneIn = 8;

struct Shown {
  std::unique_ptr<PixelRows> rows;
  Content content;
};

// The decoded page, and what of it is to be seen. A page that is cropped is decoded larger, as what
// is left of it is enlarged to fill the canvas.
absl::StatusOr<Shown> Decode(absl::Span<const uint8_t> file, const PictureRequest& request) {
  const ReaderProfile& profile = request.reader;
  const uint32_t halves = request.part == PagePart::kWhole ? 1 : 2;
  const uint32_t quarters = profile.crop ? 5 : 4;
  auto rows = DecodeImage(file, {.least_width = request.width * halves * quarters / 4,
                                 .least_height = request.height * quarters / 4});
  if (!rows.ok()) return rows.status();
  if (profile.is_gray()) rows = GrayRows(*std::move(rows));
  const PartColumns columns = ColumnsOf(request.part, (*rows)->width());
  const Window part = {columns.left, 0, columns.width, (*rows)->height()};
  if (!profile.crop) return Shown{*std::move(rows), {part, 255}};
  if (uint64_t{(*rows)->width()} * (*rows)->height() <= kMostDecodedPixels) {
    rows = KeepRows(*std::move(rows));
    if (!rows.ok()) return rows.status();
  }
  const absl::StatusOr<Content> content = FindContent(**rows, part);
  if (!content.ok()) return content.status();
  return Shown{*std::move(rows), *content};
}

// In pixels of the page at its full size.
PictureSize AtFullSize(const Window& window, const PixelRows& rows, PictureSize page) {
  const auto scaled = [](uint64_t side, uint64_t whole, uint64_t decoded) {
    return static_cast<uint32_t>(std::max<uint64_t>(1, (side * whole + decoded / 2) / decoded));
  };
  return {scaled(window.width, page.width, rows.width()),
          scaled(window.height, page.height, rows.height())};
}

absl::StatusOr<std::unique_ptr<PixelRows>> PageRows(absl::Span<const uint8_t> file,
                                                    const PictureRequest& request) {
  absl::StatusOr<Shown> shown = Decode(file, request);
  if (!shown.ok()) return shown.status();
  const ReaderProfile& profile = request.reader;
  const PictureSize canvas = {request.width, request.height};
  const Window& window = shown->content.window;
  // All of a page on a canvas that follows from it fills that to the last pixel.
  const PictureSize size =
      profile.crop || profile.fit == ReaderProfile::Fit::kExact
          ? ContentOn(canvas, AtFullSize(window, *shown->rows, request.page), profile)
          : canvas;
  auto rows = WindowRows(std::move(shown->rows), window);
  rows = ResizeRows(std::move(rows), size.width, size.height);
  // A canvas has no more pixels than may be kept, and later passes over these cost nothing.
  auto kept = KeepEnhanced(*rows, profile.enhance);
  if (!kept.ok()) return kept.status();
  return CanvasRows(*std::move(kept), canvas.width, canvas.height, shown->content.ground);
}

}  // namespace

absl::StatusOr<MadePicture> MakeReaderPage(absl::Span<const uint8_t> file,
                                           const PictureRequest& request) {
  absl::StatusOr<std::unique_ptr<PixelRows>> rows = OrWhite(PageRows(file, request), request);
  if (!rows.ok()) return rows.status();
  if (request.reader.levels > 0) rows = DitherRows(*std::move(rows), request.reader.levels);
  std::string profile;
  if (!request.reader.is_gray()) profile = IccSegments(file);
  if (profile.size() * kProfileOneIn > request.max_payload) profile.clear();
  absl::StatusOr<MadePicture> made = FitPicture(**rows, request, profile);
  if (made.ok()) TellDamage(&*made);
  return made;
}

}  // namespace cbzfs
