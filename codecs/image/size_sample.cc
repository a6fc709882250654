#include "codecs/image/size_sample.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "codecs/image/enhance.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/image/kept_rows.h"

namespace cbzfs {
namespace {

constexpr uint32_t kMcu = 16;
constexpr uint64_t kSmall = 1'000'000;
constexpr uint64_t kLarge = 16'000'000;
// In every row of MCUs one in `step`, in the next row the ones to their right, so that margins,
// lines and columns of text and their gaps are met as often as they occur. The sample is laid out
// along these diagonals, so that neighbours in it are nearly neighbours in the picture and their DC
// differences cost what they cost there.
class Sample {
 public:
  // Throws std::bad_alloc. Both sides have at least one MCU.
  explicit Sample(const PixelRows& rows)
      : across_(rows.width() / kMcu),
        down_(rows.height() / kMcu),
        mcu_bytes_(size_t{kMcu} * rows.components()),
        components_(rows.components()) {
    const uint64_t pixels = uint64_t{rows.width()} * rows.height();
    step_ = pixels < kSmall ? 4 : pixels > kLarge ? 16 : 8;
    step_ = std::clamp(across_ / 4, 1u, step_);
    diagonals_ = across_ / step_;
    pixels_.resize(row_bytes() * height());
  }

  uint32_t width() const { return down_ * kMcu; }
  uint32_t height() const { return diagonals_ * kMcu; }
  uint8_t* Row(uint32_t y) { return pixels_.data() + y * row_bytes(); }

  // Row `y` of the picture.
  void Take(const uint8_t* row, uint32_t y) {
    const uint32_t mcu = y / kMcu;
    if (mcu >= down_) return;
    for (uint32_t i = 0; i < diagonals_; ++i) {
      // Spread over the whole width, also when step does not divide it.
      const uint64_t at =
          (uint64_t{i} * step_ + mcu % step_) * across_ / (uint64_t{diagonals_} * step_);
      std::memcpy(Row(i * kMcu + y % kMcu) + mcu * mcu_bytes_, row + at * mcu_bytes_, mcu_bytes_);
    }
  }

  void Enhance(const EnhanceOptions& options) {
    if (!options.on) return;
    EnhanceStatistics statistics(options);
    for (uint32_t y = 0; y < height(); ++y) statistics.Add(Row(y), width(), components_);
    const EnhanceTables tables = MakeTables(statistics, options);
    for (uint32_t y = 0; y < height(); ++y) tables.Apply(Row(y), Row(y), width(), components_);
  }

  absl::StatusOr<std::string> Encode(uint32_t quality, bool gray) {
    RasterRows rows({pixels_.data(), width(), height(), components_, row_bytes()});
    return EncodeJpegPayload(rows, quality, gray);
  }

 private:
  size_t row_bytes() const { return down_ * mcu_bytes_; }

  const uint32_t across_;  // whole MCUs of the picture
  const uint32_t down_;
  const size_t mcu_bytes_;  // of one row of an MCU
  const uint32_t components_;
  uint32_t step_ = 1;
  uint32_t diagonals_ = 1;
  std::vector<uint8_t> pixels_;
};

// Bytes before the scan data: they do not grow with the picture.
size_t HeaderBytes(const std::string& payload) {
  size_t at = 0;
  while (at + 4 <= payload.size()) {
    const uint8_t marker = static_cast<uint8_t>(payload[at + 1]);
    const size_t length =
        static_cast<uint8_t>(payload[at + 2]) * size_t{256} + static_cast<uint8_t>(payload[at + 3]);
    at += 2 + length;
    if (marker == 0xda) break;  // SOS
  }
  return std::min(at, payload.size());
}

absl::StatusOr<double> EncodeWhole(PixelRows& source, const EnhanceOptions& options,
                                   uint32_t quality) {
  absl::StatusOr<std::unique_ptr<PixelRows>> kept = KeepEnhanced(source, options);
  if (!kept.ok()) return kept.status();
  PixelRows& rows = **kept;
  bool gray = true;
  if (absl::Status status = rows.Rewind(); !status.ok()) return status;
  for (uint32_t y = 0; y < rows.height() && gray && rows.components() == 3; ++y) {
    gray = RowIsGray(rows.Next(), rows.width());
  }
  absl::StatusOr<std::string> payload = EncodeJpegPayload(rows, quality, gray);
  if (!payload.ok()) return payload.status();
  return static_cast<double>(payload->size());
}

absl::StatusOr<double> EncodeSample(PixelRows& source, const EnhanceOptions& options,
                                    uint32_t quality) {
  Sample sample(source);
  if (absl::Status status = source.Rewind(); !status.ok()) return status;
  // Equal channels have equal tables: what is gray stays gray.
  bool gray = true;
  for (uint32_t y = 0; y < source.height(); ++y) {
    const uint8_t* row = source.Next();
    if (row == nullptr) return WhyRowsEnded(source);
    if (gray && source.components() == 3) gray = RowIsGray(row, source.width());
    sample.Take(row, y);
  }
  sample.Enhance(options);
  absl::StatusOr<std::string> payload = sample.Encode(quality, gray);
  if (!payload.ok()) return payload.status();
  const double header = static_cast<double>(HeaderBytes(*payload));
  const double times = static_cast<double>(source.width()) * source.height() /
                       (static_cast<double>(sample.width()) * sample.height());
  return header + (static_cast<double>(payload->size()) - header) * times;
}

}  // namespace

absl::StatusOr<double> EstimateEnhancedPayload(PixelRows& source, const EnhanceOptions& options,
                                               uint32_t quality) {
  if (source.width() == 0 || source.height() == 0 || source.width() > kMaxPageSide ||
      source.height() > kMaxPageSide || quality < 1 || quality > 100) {
    return absl::InvalidArgumentError("impossible picture or quality");
  }
  try {
    if (uint64_t{source.width()} * source.height() <= kWholeImage || source.width() < kMcu ||
        source.height() < kMcu) {
      return EncodeWhole(source, options, quality);
    }
    return EncodeSample(source, options, quality);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for a sample of a page");
  }
}

}  // namespace cbzfs
