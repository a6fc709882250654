#include "codecs/picture/picture.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/image/enhance.h"
#include "codecs/decode/image_decode.h"
#include "codecs/decode/image_info.h"
#include "codecs/decode/jpeg_payload.h"
#include "codecs/image/pixel_rows.h"
#include "codecs/image/resize.h"

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

absl::StatusOr<MadePicture> Fit(PixelRows& rows, const PictureRequest& request,
                                const std::string& profile) {
  absl::StatusOr<FittedJpeg> jpeg =
      FitJpeg(rows, {.quality = request.quality,
                     .max_payload = request.max_payload,
                     .prefix = profile});
  if (!jpeg.ok()) return jpeg.status();
  return MadePicture{.jpeg = *std::move(jpeg), .note = rows.damage()};
}

// The image itself instead of what could be made of it.
void KeepTheOriginal(absl::Span<const uint8_t> file, uint64_t max_payload, MadePicture* made) {
  std::string kept = "shown as far as it can be decoded";
  if (FormatOf(file) == ImageFormat::kJpeg) {
    absl::StatusOr<FittedJpeg> original = PayloadOf(file, "");
    if (original.ok() && original->payload.size() <= max_payload) {
      made->jpeg = *std::move(original);
      kept = "shown as it is";
    }
  }
  made->note = absl::StrCat("the image is damaged (", made->note, "): ", kept);
}

}  // namespace

absl::StatusOr<MadePicture> EnhancePicture(absl::Span<const uint8_t> file,
                                           const PictureRequest& request) {
  absl::StatusOr<std::unique_ptr<PixelRows>> rows = RowsOfSize(file, request);
  if (!rows.ok()) return rows.status();
  const uint64_t pixels = uint64_t{request.width} * request.height;
  if (pixels <= kMaxKeptPixels) {
    rows = KeepEnhanced(**rows, request.enhance);
    if (!rows.ok()) return rows.status();
  } else {
    rows = EnhanceRows(*std::move(rows), request.enhance);
  }
  std::string profile = IccSegments(file);
  // The slot has room for a profile that the analysis could see; a page without its profile is better
  // than none.
  if (profile.size() + MinPayload(request.width, request.height) > request.max_payload) {
    profile.clear();
  }
  absl::StatusOr<MadePicture> made = Fit(**rows, request, profile);
  if (made.ok() && !made->note.empty()) KeepTheOriginal(file, request.max_payload, &*made);
  return made;
}

absl::StatusOr<MadePicture> ShrinkPicture(absl::Span<const uint8_t> file,
                                          const PictureRequest& request) {
  absl::StatusOr<std::unique_ptr<PixelRows>> rows = DecodeImage(
      file, {.least_width = 2 * request.width, .least_height = 2 * request.height});
  if (!rows.ok()) return rows.status();
  rows = ResizeRows(*std::move(rows), request.width, request.height);
  absl::StatusOr<MadePicture> made = Fit(**rows, request, "");
  if (made.ok() && !made->note.empty()) {
    made->note = absl::StrCat("the image is damaged (", made->note,
                              "): shown as far as it can be decoded");
  }
  return made;
}

}  // namespace cbzfs
