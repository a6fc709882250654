#include "codecs/picture/picture.h"

#include <memory>
#include <utility>

#include "codecs/decode/image_decode.h"
#include "codecs/decode/image_info.h"
#include "codecs/decode/jpeg_payload.h"
#include "codecs/image/enhance.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/image/kept_rows.h"
#include "codecs/image/pixel_rows.h"
#include "codecs/image/resize.h"
#include "codecs/picture/finish_picture.h"

namespace cbzfs {
namespace {

// The image at the request's size: over the limits of a page it is scaled down while it is decoded,
// as far as its format can, and by the filter from there.
absl::StatusOr<std::unique_ptr<PixelRows>> RowsOfSize(absl::Span<const uint8_t> file,
                                                      const PictureRequest& request) {
  absl::StatusOr<std::unique_ptr<PixelRows>> rows =
      DecodeImage(file, {.least_width = request.width, .least_height = request.height});
  if (!rows.ok()) return rows.status();
  return ResizeRows(*std::move(rows), request.width, request.height);
}

absl::StatusOr<std::unique_ptr<PixelRows>> EnhancedRowsOf(absl::Span<const uint8_t> file,
                                                          const PictureRequest& request) {
  absl::StatusOr<std::unique_ptr<PixelRows>> rows = RowsOfSize(file, request);
  if (!rows.ok()) return rows.status();
  const uint64_t pixels = uint64_t{request.width} * request.height;
  if (pixels <= kMaxKeptPixels) return KeepEnhanced(**rows, request.enhance);
  rows = EnhanceRows(*std::move(rows), request.enhance);
  // What cannot be decoded at all says so here, before anybody encodes it.
  if (absl::Status status = (*rows)->Rewind(); !status.ok()) return status;
  return rows;
}

// The image itself instead of what could be made of it.
void KeepTheOriginal(absl::Span<const uint8_t> file, uint64_t max_payload, MadePicture* made) {
  std::string kept = "shown as far as it can be decoded";
  if (FormatOf(file) == ImageFormat::kJpeg) {
    absl::StatusOr<FittedImage> original = PayloadOf(file, "");
    if (original.ok() && original->payload.size() <= max_payload) {
      made->image = *std::move(original);
      kept = "shown as it is";
    }
  }
  TellDamage(made, kept);
}

}  // namespace

absl::StatusOr<MadePicture> EnhancePicture(absl::Span<const uint8_t> file,
                                           const PictureRequest& request) {
  const absl::StatusOr<std::unique_ptr<PixelRows>> rows =
      OrWhite(EnhancedRowsOf(file, request), request);
  if (!rows.ok()) return rows.status();
  std::string profile = IccSegments(file);
  // The slot has room for a profile that the analysis could see; a page without its profile is
  // better than none.
  if (profile.size() + MinPayload(request.width, request.height) > request.max_payload) {
    profile.clear();
  }
  absl::StatusOr<MadePicture> made = FitPicture(**rows, request, profile);
  if (made.ok() && !made->note.empty()) KeepTheOriginal(file, request.max_payload, &*made);
  return made;
}

absl::StatusOr<MadePicture> ShrinkPicture(absl::Span<const uint8_t> file,
                                          const PictureRequest& request) {
  absl::StatusOr<std::unique_ptr<PixelRows>> rows =
      DecodeImage(file, {.least_width = 2 * request.width, .least_height = 2 * request.height});
  if (!rows.ok()) return rows.status();
  // Kept, because fitting reads a picture twice or more, and this one costs a decode each time.
  rows = KeepRows(ResizeRows(*std::move(rows), request.width, request.height));
  if (!rows.ok()) return rows.status();
  absl::StatusOr<MadePicture> made = FitPicture(**rows, request, "");
  if (made.ok()) TellDamage(&*made);
  return made;
}

}  // namespace cbzfs
