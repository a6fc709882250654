#include "codecs/image/webp_fit.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "codecs/document/page_format.h"
#include "codecs/document/webp_chunks.h"
#include "codecs/image/soften.h"
#include "codecs/image/webp_encode.h"

namespace cbzfs {
namespace {

constexpr uint32_t kLowestQuality = 20;  // at full size; below it detail is taken away instead
// Encodes spent on finding a lower quality before that.
constexpr int kLowerTries = 5;
// Log of size over quality: 0.02 between qualities 40 and 75 of comics, 0.05 about 90.
constexpr double kSlope = 0.035;

class Fitter {
 public:
  Fitter(PixelRows& rows, const WebpFitRequest& request)
      : rows_(rows),
        request_(request),
        icc_(request.profile.empty() ? std::string() : WebpChunk("ICCP", request.profile)),
        room_(request.max_payload - icc_.size()) {}

  absl::StatusOr<FittedImage> Fit() const {
    // The highest quality that is still to be tried.
    uint32_t quality = request_.quality;
    if (request_.lossless) {
      absl::StatusOr<std::string> chunk = EncodeWebpLossless(rows_);
      if (!chunk.ok()) return chunk.status();
      if (chunk->size() <= room_) return Done(*chunk, quality, false);
      quality = std::max(quality, 2u) - 1;
    }
    const absl::StatusOr<WebpPicture> picture = WebpPicture::Read(rows_);
    if (!picture.ok()) return picture.status();
    absl::StatusOr<std::string> chunk = picture->Encode(quality);
    if (!chunk.ok() && !absl::IsOutOfRange(chunk.status())) return chunk.status();
    if (chunk.ok() && chunk->size() <= room_) return Done(*chunk, quality, false);
    return FitLower(*picture, quality, chunk.ok() ? static_cast<double>(chunk->size()) : 0);
  }

 private:
  // The best quality under `high`, which took `size` bytes (0: more than a WebP can hold), by
  // secant steps on log size: usually one or two encodes.
  absl::StatusOr<FittedImage> FitLower(const WebpPicture& picture, uint32_t high,
                                       double size) const {
    std::string best;
    uint32_t best_quality = 0;
    uint32_t low = kLowestQuality;  // the lowest quality still to be tried
    double slope = kSlope;
    const auto room = static_cast<double>(room_);
    for (int tries = 0; tries < kLowerTries && low < high; ++tries) {
      const double step = size > 0 ? std::log(size / (0.985 * room)) / slope : 20;
      uint32_t quality = high - 1;
      if (step < high - low)
        quality = std::min(quality, static_cast<uint32_t>(high - step));
      else
        quality = low;
      quality = std::max(quality, low);
      // The last try without a result is for the lowest quality: either that or softening.
      if (tries + 1 == kLowerTries && best.empty()) quality = low;
      absl::StatusOr<std::string> chunk = picture.Encode(quality);
      if (!chunk.ok() && !absl::IsOutOfRange(chunk.status())) return chunk.status();
      const double got = chunk.ok() ? static_cast<double>(chunk->size()) : 0;
      if (got > 0 && got < size) {
        slope = std::clamp(std::log(size / got) / (high - quality), 0.008, 0.1);
      }
      if (got == 0 || got > room) {
        high = quality;
        size = got;
        continue;
      }
      best = *std::move(chunk);
      best_quality = quality;
      low = quality + 1;
      if (got > 0.97 * room) break;
    }
    if (best.empty()) return FitSoftened();
    return Done(std::move(best), best_quality, false);
  }

  // Detail goes, size in pixels stays. The last factor leaves one colour, which always fits.
  absl::StatusOr<FittedImage> FitSoftened() const {
    const uint32_t quality = std::min(request_.quality, kLowestQuality);
    for (const uint32_t factor : {2u, 4u, 8u, 16u, 64u, std::max(rows_.width(), rows_.height())}) {
      absl::StatusOr<SoftRows> rows = SoftRows::Create(rows_, factor);
      if (!rows.ok()) return rows.status();
      const absl::StatusOr<WebpPicture> picture = WebpPicture::Read(rows->source());
      if (!picture.ok()) return picture.status();
      absl::StatusOr<std::string> chunk = picture->Encode(quality);
      if (absl::IsOutOfRange(chunk.status())) continue;
      if (!chunk.ok()) return chunk.status();
      if (chunk->size() <= room_) return Done(*chunk, quality, true);
    }
    return absl::InternalError("one colour does not fit the least slot");
  }

  FittedImage Done(const std::string& chunk, uint32_t quality, bool softened) const {
    return {.payload = icc_ + chunk,
            .quality = quality,
            .components = rows_.components(),
            .softened = softened};
  }

  PixelRows& rows_;
  const WebpFitRequest& request_;
  const std::string icc_;
  const uint64_t room_;  // for the coded picture
};

absl::Status Check(const PixelRows& rows, const WebpFitRequest& request) {
  if (rows.width() == 0 || rows.height() == 0 || rows.width() > kMaxWebpSide ||
      rows.height() > kMaxWebpSide || (rows.components() != 1 && rows.components() != 3)) {
    return absl::InvalidArgumentError("impossible picture");
  }
  if (request.quality < 1 || request.quality > 100) {
    return absl::InvalidArgumentError("impossible quality");
  }
  const uint64_t icc = request.profile.empty() ? 0 : WebpChunkBytes(request.profile.size());
  if (request.max_payload < icc + MinWebpPayload(rows.width(), rows.height())) {
    return absl::InvalidArgumentError("slot under the least payload");
  }
  return absl::OkStatus();
}

}  // namespace

// A block of 16 x 16 pixels like its neighbours takes half a byte: its modes of prediction.
uint64_t MinWebpPayload(uint32_t width, uint32_t height) {
  const uint64_t blocks = (uint64_t{width} + 15) / 16 * ((uint64_t{height} + 15) / 16);
  return 150 + blocks;
}

absl::StatusOr<FittedImage> FitWebp(PixelRows& rows, const WebpFitRequest& request) {
  if (absl::Status status = Check(rows, request); !status.ok()) return status;
  return Fitter(rows, request).Fit();
}

}  // namespace cbzfs
