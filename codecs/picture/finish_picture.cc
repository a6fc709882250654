#include "codecs/picture/finish_picture.h"

#include <utility>
#include <vector>

#include "codecs/document/webp_chunks.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/image/webp_fit.h"

namespace cbzfs {
namespace {

// A picture of which nothing could be decoded.
class WhiteRows final : public PixelRows {
 public:
  WhiteRows(uint32_t width, uint32_t height, std::string damage)
      : PixelRows(width, height, 1), row_(width, 255), damage_(std::move(damage)) {}
  absl::Status Rewind() override { return absl::OkStatus(); }
  const uint8_t* Next() override { return row_.data(); }
  std::string damage() const override { return damage_; }

 private:
  const std::vector<uint8_t> row_;
  const std::string damage_;
};

// WebP has colours as RGB only.
bool IsOfRgb(const std::string& profile) {
  return profile.size() >= 128 && profile.compare(16, 4, "RGB ") == 0;
}

absl::StatusOr<FittedImage> FitAsWebp(PixelRows& rows, const PictureRequest& request,
                                      const std::string& segments) {
  std::string profile;
  if (request.icc) profile = ProfileOfSegments(segments);
  if (request.icc && !IsOfRgb(profile)) profile = SrgbProfile();
  return FitWebp(rows, {.quality = request.quality,
                        .max_payload = request.max_payload,
                        .profile = profile,
                        .lossless = request.reader.levels > 0});
}

}  // namespace

absl::StatusOr<std::unique_ptr<PixelRows>> OrWhite(absl::StatusOr<std::unique_ptr<PixelRows>> rows,
                                                   const PictureRequest& request) {
  if (!absl::IsDataLoss(rows.status())) return rows;
  return std::make_unique<WhiteRows>(request.width, request.height,
                                     std::string(rows.status().message()));
}

absl::StatusOr<MadePicture> FitPicture(PixelRows& rows, const PictureRequest& request,
                                       const std::string& profile) {
  absl::StatusOr<FittedImage> image =
      request.reader.format == PageFormat::kWebp
          ? FitAsWebp(rows, request, profile)
          : FitJpeg(rows, {.quality = request.quality,
                           .max_payload = request.max_payload,
                           .prefix = profile,
                           .exact = request.exact});
  if (!image.ok()) return image.status();
  return MadePicture{.image = *std::move(image), .note = rows.damage()};
}

void TellDamage(MadePicture* made, std::string_view shown) {
  if (made->note.empty()) return;
  made->note.insert(0, "the image is damaged (").append("): ").append(shown);
}

}  // namespace cbzfs
