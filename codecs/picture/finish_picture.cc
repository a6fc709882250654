#include "codecs/picture/finish_picture.h"

#include <utility>
#include <vector>

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

}  // namespace

absl::StatusOr<std::unique_ptr<PixelRows>> OrWhite(absl::StatusOr<std::unique_ptr<PixelRows>> rows,
                                                   const PictureRequest& request) {
  if (!absl::IsDataLoss(rows.status())) return rows;
  return std::make_unique<WhiteRows>(request.width, request.height,
                                     std::string(rows.status().message()));
}

absl::StatusOr<MadePicture> FitPicture(PixelRows& rows, const PictureRequest& request,
                                       const std::string& profile) {
  absl::StatusOr<FittedJpeg> jpeg = FitJpeg(rows, {.quality = request.quality,
                                                   .max_payload = request.max_payload,
                                                   .prefix = profile,
                                                   .exact = request.exact});
  if (!jpeg.ok()) return jpeg.status();
  return MadePicture{.jpeg = *std::move(jpeg), .note = rows.damage()};
}

void TellDamage(MadePicture* made, std::string_view shown) {
  if (made->note.empty()) return;
  made->note.insert(0, "the image is damaged (").append("): ").append(shown);
}

}  // namespace cbzfs
