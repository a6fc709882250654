#include "codecs/image/jpeg_fit.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/kept_rows.h"
#include "codecs/image/soften.h"

namespace cbzfs {
namespace {

constexpr uint32_t kMaxSide = 65'500;    // JPEG_MAX_DIMENSION
constexpr uint32_t kLowestQuality = 40;  // at full size; below it detail is taken away instead
constexpr uint32_t kHighestQuality = 95;

// The room that filling leaves unused, so that the estimate's error seldom overflows the slot.
constexpr double kFill = 0.92;
// Log of size over log of the quantiser's scale between qualities 75 and 95: 0.30 in the median of
// wild pages, 0.37 in the 90th percentile.
constexpr double kFillSlope = 0.34;
// Less spare room than this is not worth looking at.
constexpr double kWorthFilling = 1.10;
// The part of the MCUs that the estimate encodes; more of a small image.
constexpr uint32_t kSampleOneIn = 16;
constexpr uint64_t kSmallImage = 500'000;
constexpr uint32_t kSmallSampleOneIn = 8;
// Encodes spent on finding a lower quality before detail is taken away.
constexpr int kLowerTries = 5;

// One in `step` of a picture's MCUs, squeezed together: in each row of MCUs every step'th, five
// further to the right than in the row above, so that lines of text, columns and margins are all
// met as often as they occur.
struct Lattice {
  uint32_t step = 1;
  uint32_t columns = 0;  // sampled MCUs in a row of them; 0: nothing is sampled
  uint32_t height = 0;   // whole MCUs, in pixels
  uint32_t components = 3;
  std::vector<uint8_t> pixels;

  size_t McuBytes() const { return size_t{16} * components; }
  void Take(const uint8_t* row, uint32_t y) {
    uint8_t* to = pixels.data() + size_t{y} * columns * McuBytes();
    const uint8_t* from = row + size_t{y / 16 * 5 % step} * McuBytes();
    for (uint32_t i = 0; i < columns; ++i) {
      std::memcpy(to + i * McuBytes(), from + size_t{i} * step * McuBytes(), McuBytes());
    }
  }
  static const uint8_t* Row(void* state, uint32_t y) {
    const Lattice* lattice = static_cast<const Lattice*>(state);
    return lattice->pixels.data() + size_t{y} * lattice->columns * lattice->McuBytes();
  }
};

class Fitter {
 public:
  Fitter(PixelRows& rows, const FitRequest& request)
      : rows_(rows),
        asked_(request.quality),
        max_payload_(request.max_payload - request.prefix.size()),
        prefix_(request.prefix),
        exact_(request.exact),
        gray_(rows.components() == 1) {}

  absl::StatusOr<FittedImage> Fit();

 private:
  absl::Status Look();
  // With the best tables for it, in two passes of libjpeg's; with the sample's, in one.
  absl::StatusOr<std::string> Encode(uint32_t quality) const {
    return EncodeJpegPayload(rows_, quality, gray_);
  }
  absl::StatusOr<std::string> EncodeAtOnce(uint32_t quality);
  absl::Status EncodeSample(uint32_t quality);
  absl::StatusOr<uint32_t> FirstQuality();
  absl::StatusOr<FittedImage> FitLower(uint64_t size_at_asked) const;
  absl::StatusOr<FittedImage> FitSoftened() const;
  uint32_t FillingQuality(double size) const;
  absl::StatusOr<FittedImage> Done(std::string payload, uint32_t quality, bool softened) const;

  PixelRows& rows_;
  const uint32_t asked_;
  const uint64_t max_payload_;  // for what libjpeg makes
  const std::string_view prefix_;
  const bool exact_;
  bool gray_;
  Lattice lattice_;
  std::string sample_;           // the lattice's payload,
  uint32_t sample_quality_ = 0;  // at this; 0: none yet
};

absl::StatusOr<FittedImage> Fitter::Done(std::string payload, uint32_t quality,
                                        bool softened) const {
  try {
    if (!prefix_.empty()) payload.insert(0, prefix_);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for a JPEG");
  }
  return FittedImage{std::move(payload), quality, gray_ ? 1u : 3u, softened};
}

// One pass that finds whether every pixel is gray and takes the lattice.
absl::Status Fitter::Look() {
  const uint64_t pixels = static_cast<uint64_t>(rows_.width()) * rows_.height();
  lattice_.step = pixels < kSmallImage ? kSmallSampleOneIn : kSampleOneIn;
  lattice_.height = rows_.height() / 16 * 16;
  lattice_.components = rows_.components();
  // Above the highest quality that is tried there is nothing to estimate, and of a small picture no
  // tables are made.
  if (!exact_ && lattice_.height > 0 &&
      (asked_ < kHighestQuality || lattice_.step == kSampleOneIn)) {
    lattice_.columns = rows_.width() / 16 / lattice_.step;
  }
  if (gray_ && lattice_.columns == 0) return absl::OkStatus();
  try {
    lattice_.pixels.resize(lattice_.columns * lattice_.McuBytes() * lattice_.height);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for a sample of a page");
  }
  if (absl::Status status = rows_.Rewind(); !status.ok()) return status;
  gray_ = true;
  for (uint32_t y = 0; y < rows_.height(); ++y) {
    const uint8_t* row = rows_.Next();
    if (row == nullptr) return WhyRowsEnded(rows_);
    if (rows_.components() == 3 && gray_) gray_ = RowIsGray(row, rows_.width());
    if (lattice_.columns > 0 && y < lattice_.height) lattice_.Take(row, y);
    if (lattice_.columns == 0 && !gray_) break;
  }
  return absl::OkStatus();
}

// The quality, asked or higher, at which `size` bytes at the asked one become kFill of the slot.
uint32_t Fitter::FillingQuality(double size) const {
  if (size * kWorthFilling > static_cast<double>(max_payload_)) return asked_;
  const double gain = std::log(kFill * static_cast<double>(max_payload_) / size);
  const double scale = QuantiserScale(asked_) * std::exp(-gain / kFillSlope);
  uint32_t quality = asked_;
  while (quality < kHighestQuality && QuantiserScale(quality + 1) >= scale) ++quality;
  return quality;
}

absl::Status Fitter::EncodeSample(uint32_t quality) {
  if (sample_quality_ == quality) return absl::OkStatus();
  const RowSource source{lattice_.columns * 16, lattice_.height, lattice_.components, Lattice::Row,
                         &lattice_};
  absl::StatusOr<std::string> sample = EncodeJpegPayload(source, quality, gray_);
  if (!sample.ok()) return sample.status();
  sample_ = *std::move(sample);
  sample_quality_ = quality;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Fitter::EncodeAtOnce(uint32_t quality) {
  // Of a small picture the sample is too small for tables, and two passes cost little.
  if (lattice_.columns == 0 || lattice_.step != kSampleOneIn) return Encode(quality);
  if (absl::Status status = EncodeSample(quality); !status.ok()) return status;
  const std::optional<HuffmanTables> tables = TablesForWhole(sample_);
  if (!tables.has_value()) return absl::InternalError("libjpeg made a sample without tables");
  return EncodeJpegPayload(rows_, quality, gray_, &*tables);
}

// Estimates from the lattice what quality fills the slot, so that one whole encode does.
absl::StatusOr<uint32_t> Fitter::FirstQuality() {
  if (lattice_.columns == 0 || asked_ >= kHighestQuality) return asked_;
  if (absl::Status status = EncodeSample(asked_); !status.ok()) return status;
  const double times = static_cast<double>(rows_.width()) * rows_.height() /
                       (16.0 * lattice_.columns * lattice_.height);
  return FillingQuality(static_cast<double>(sample_.size()) * times);
}

// The best quality under the asked one that fits, by secant steps on log size over log scale:
// usually one or two encodes.
absl::StatusOr<FittedImage> Fitter::FitLower(uint64_t size_at_asked) const {
  std::string best;
  uint32_t best_quality = 0;
  uint32_t low = kLowestQuality;  // the lowest quality still to be tried
  uint32_t high = asked_;         // known to overflow
  double size = static_cast<double>(size_at_asked);
  double slope = 0.6;  // of wild pages
  const double room = static_cast<double>(max_payload_);
  for (int tries = 0; tries < kLowerTries && low < high; ++tries) {
    const double scale = QuantiserScale(high) * std::pow(size / (0.985 * room), 1 / slope);
    uint32_t quality = high - 1;
    while (quality > low && QuantiserScale(quality) < scale) --quality;
    // The last try without a result is for the lowest quality: either that or softening.
    if (tries + 1 == kLowerTries && best.empty()) quality = low;
    absl::StatusOr<std::string> payload = Encode(quality);
    if (!payload.ok()) return payload.status();
    const double got = static_cast<double>(payload->size());
    if (got < size && QuantiserScale(quality) > QuantiserScale(high)) {
      slope = std::log(size / got) / std::log(QuantiserScale(quality) / QuantiserScale(high));
      slope = std::clamp(slope, 0.2, 1.5);
    }
    if (got > room) {
      high = quality;
      size = got;
      continue;
    }
    best = *std::move(payload);
    best_quality = quality;
    low = quality + 1;
    if (got > 0.97 * room) break;
  }
  if (best.empty()) return FitSoftened();
  return Done(std::move(best), best_quality, false);
}

// Detail goes, size in pixels stays. The last factor leaves one colour, which always fits.
absl::StatusOr<FittedImage> Fitter::FitSoftened() const {
  const uint32_t quality = std::min(asked_, kLowestQuality);
  for (const uint32_t factor : {2u, 4u, 8u, 16u, 64u, std::max(rows_.width(), rows_.height())}) {
    absl::StatusOr<SoftRows> rows = SoftRows::Create(rows_, factor);
    if (!rows.ok()) return rows.status();
    absl::StatusOr<std::string> payload = EncodeJpegPayload(rows->source(), quality, gray_);
    if (!payload.ok()) return payload.status();
    if (payload->size() <= max_payload_) return Done(*std::move(payload), quality, true);
  }
  return absl::InternalError("one colour does not fit the least slot");
}

absl::StatusOr<FittedImage> Fitter::Fit() {
  if (absl::Status status = Look(); !status.ok()) return status;
  absl::StatusOr<uint32_t> first = FirstQuality();
  if (!first.ok()) return first.status();
  for (const uint32_t quality : {*first, asked_}) {
    if (exact_) break;  // only the best tables will do
    absl::StatusOr<std::string> payload = EncodeAtOnce(quality);
    if (!payload.ok()) return payload.status();
    if (payload->size() <= max_payload_) return Done(*std::move(payload), quality, false);
    if (quality == asked_) break;
    // The estimate was too bold: what was asked for is what counts.
  }
  absl::StatusOr<std::string> payload = Encode(asked_);
  if (!payload.ok()) return payload.status();
  const uint64_t size = payload->size();
  if (size <= max_payload_) return Done(*std::move(payload), asked_, false);
  payload = std::string();
  return FitLower(size);
}

absl::Status Check(const PixelRows& rows, const FitRequest& request) {
  if (rows.width() == 0 || rows.height() == 0 || rows.width() > kMaxSide ||
      rows.height() > kMaxSide || (rows.components() != 1 && rows.components() != 3)) {
    return absl::InvalidArgumentError("impossible picture");
  }
  if (request.quality < 1 || request.quality > 100) {
    return absl::InvalidArgumentError("impossible quality");
  }
  if (request.max_payload < request.prefix.size() ||
      request.max_payload - request.prefix.size() < MinPayload(rows.width(), rows.height())) {
    return absl::InvalidArgumentError("slot under the least payload");
  }
  return absl::OkStatus();
}

}  // namespace

// Eight pixels a step; every neighbouring pair of bytes inside a
// pixel is compared by one of four overlapping words.
bool RowIsGray(const uint8_t* row, uint32_t width) {
  uint32_t x = 0;
  for (; x + 8 <= width; x += 8, row += 24) {
    uint64_t a, b, c, d;
    std::memcpy(&a, row, 8);
    std::memcpy(&b, row + 6, 8);
    std::memcpy(&c, row + 12, 8);
    std::memcpy(&d, row + 16, 8);
    // The first three words begin at a pixel, the last ends with one: R0G0B0R1G1B1..,
    // ..R6G6B6R7G7B7.
    const uint64_t pairs = ((a ^ (a >> 8)) | (b ^ (b >> 8)) | (c ^ (c >> 8))) & 0x000000ffff00ffffu;
    const uint64_t last = (d ^ (d >> 8)) & 0x00ffff00ffff0000u;
    if ((pairs | last) != 0) return false;
  }
  for (; x < width; ++x, row += 3) {
    if (row[0] != row[1] || row[1] != row[2]) return false;
  }
  return true;
}

// Of one colour every block is a DC difference of nought and an end of block, each one bit, because
// an optimised table with one symbol (or with one seldom other) gives the frequent one a bit: six
// blocks an MCU of 16 x 16 pixels, twelve bits. (A gray JPEG has at most four blocks in that area.)
// The first block of a component has a difference of up to 11 bits and a longer code, a few bytes
// with stuffing. Headers: DQT 2 x 69, SOF 19, DHT 4 x at most 23, SOS 14: 263 bytes.
uint64_t MinPayload(uint32_t width, uint32_t height) {
  const uint64_t mcus = (static_cast<uint64_t>(width) + 15) / 16 * ((height + 15ull) / 16);
  return 300 + (mcus * 12 + 7) / 8;
}

double LeastSlot(uint32_t width, uint32_t height) {
  return 1.15 * static_cast<double>(MinPayload(width, height));
}

double QuantiserScale(uint32_t quality) {
  return quality < 50 ? 5000.0 / std::max(quality, 1u) : 200.0 - 2.0 * quality;
}

absl::StatusOr<FittedImage> FitJpeg(PixelRows& rows, const FitRequest& request) {
  if (absl::Status status = Check(rows, request); !status.ok()) return status;
  return Fitter(rows, request).Fit();
}

absl::StatusOr<FittedImage> FitJpeg(const RasterView& raster, uint32_t quality,
                                   uint64_t max_payload) {
  if (raster.pixels == nullptr ||
      raster.stride < static_cast<uint64_t>(raster.width) * raster.components) {
    return absl::InvalidArgumentError("impossible raster");
  }
  RasterRows rows(raster);
  return FitJpeg(rows, {.quality = quality, .max_payload = max_payload});
}

}  // namespace cbzfs
