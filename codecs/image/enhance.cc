#include "codecs/image/enhance.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <numbers>
#include <utility>

#include "absl/status/status.h"
#include "codecs/image/kept_rows.h"

namespace cbzfs {
namespace {

// ITU-R 601 as Pillow has it, times 65536.
constexpr std::array<uint32_t, 3> kLuma = {19595, 38470, 7471};
constexpr uint32_t kLumaHalf = 0x8000;

// Cut off at the point, held within a byte; not a number gives 0.
uint8_t ToByte(double value) {
  if (!(value > 0)) return 0;
  return value >= 255 ? uint8_t{255} : static_cast<uint8_t>(value);
}

ByteTable Chain(const ByteTable& first, const ByteTable& second) {
  ByteTable both;
  for (size_t i = 0; i < 256; ++i) both[i] = second[first[i]];
  return both;
}

Histogram Through(const ByteTable& table, const Histogram& histogram) {
  Histogram moved = {};
  for (size_t i = 0; i < 256; ++i) moved[table[i]] += histogram[i];
  return moved;
}

uint64_t Total(const Histogram& histogram) {
  uint64_t total = 0;
  for (const uint64_t count : histogram) total += count;
  return total;
}

// Takes `cut` pixels off one end of the histogram. `level(i)` is the i-th level from that end.
template <typename Level>
void CutOff(Histogram* histogram, uint64_t cut, Level level) {
  for (size_t i = 0; i < 256; ++i) {
    uint64_t& count = (*histogram)[level(i)];
    const uint64_t taken = std::min(cut, count);
    count -= taken;
    cut -= taken;
    if (cut == 0) return;
  }
}

// The rows of a source through the tables that its own first pass gives.
class EnhancedRows final : public PixelRows {
 public:
  EnhancedRows(std::unique_ptr<PixelRows> source, const EnhanceOptions& options)
      : PixelRows(source->width(), source->height(), source->components()),
        source_(std::move(source)),
        options_(options) {}

  absl::Status Rewind() override {
    if (options_.on && row_ == nullptr) {
      if (absl::Status status = Prepare(); !status.ok()) return status;
    }
    return source_->Rewind();
  }

  const uint8_t* Next() override {
    const uint8_t* row = source_->Next();
    if (row == nullptr || !options_.on) return row;
    tables_.Apply(row, row_.get(), width(), components());
    return row_.get();
  }

  absl::Status status() const override { return source_->status(); }
  std::string damage() const override { return source_->damage(); }

 private:
  absl::Status Prepare() {
    std::unique_ptr<uint8_t[]> row(new (std::nothrow) uint8_t[size_t{width()} * components()]);
    if (row == nullptr) return absl::ResourceExhaustedError("no memory for a row");
    if (absl::Status status = source_->Rewind(); !status.ok()) return status;
    EnhanceStatistics statistics(options_);
    for (uint32_t y = 0; y < height(); ++y) {
      const uint8_t* next = source_->Next();
      if (next == nullptr) return WhyRowsEnded(*source_);
      statistics.Add(next, width(), components());
    }
    tables_ = MakeTables(statistics, options_);
    row_ = std::move(row);
    return absl::OkStatus();
  }

  const std::unique_ptr<PixelRows> source_;
  const EnhanceOptions options_;
  EnhanceTables tables_;
  std::unique_ptr<uint8_t[]> row_;  // null until the statistics are known
};

}  // namespace

ByteTable CurveTable(double curve) {
  ByteTable table;
  for (int i = 0; i < 256; ++i) {
    double s = 255 * (0.5 - 0.5 * std::cos(std::numbers::pi * i / 255));
    if (i < 64) s += 0.1 * (64 - i);
    const double bright = std::max(0.0, (i - 128) / 127.0);
    s = (1 - bright) * s + bright * i;
    // At curve 1 exactly s, at 0 exactly i.
    table[i] = ToByte(std::nearbyint((1 - curve) * i + curve * s));
  }
  return table;
}

ByteTable GammaTable(double gamma) {
  ByteTable table;
  for (int i = 0; i < 256; ++i) {
    // The power 1 is kept out of it: i / 255 * 255 must not fall below i by rounding.
    table[i] = gamma == 1 ? static_cast<uint8_t>(i) : ToByte(std::pow(i / 255.0, 1 / gamma) * 255);
  }
  return table;
}

// Image.blend of Pillow: the product is rounded to float, then the sum.
ByteTable BlendTable(uint8_t base, float factor) {
  ByteTable table;
  for (int i = 0; i < 256; ++i) {
    const float product = factor * static_cast<float>(i - base);
    const float blended = static_cast<float>(base) + product;
    table[i] = ToByte(blended);
  }
  return table;
}

ByteTable AutocontrastTable(const Histogram& histogram, double cutoff) {
  const double wanted = static_cast<double>(Total(histogram)) * cutoff;
  // Without what remains of a division by 100 the quotient is exact.
  const double cut = (wanted - std::fmod(wanted, 100.0)) / 100;
  const uint64_t pixels = cut > 0 && cut < 1e18 ? static_cast<uint64_t>(cut) : 0;
  Histogram left = histogram;
  CutOff(&left, pixels, [](size_t i) { return i; });
  CutOff(&left, pixels, [](size_t i) { return 255 - i; });
  int low = 0;
  int high = 255;
  while (low < 255 && left[low] == 0) ++low;
  while (high > 0 && left[high] == 0) --high;
  ByteTable table;
  const bool flat = high <= low;
  const double scale = flat ? 1 : 255.0 / (high - low);
  const double offset = flat ? 0 : -low * scale;
  for (int i = 0; i < 256; ++i) table[i] = ToByte(i * scale + offset);
  return table;
}

ByteTable FirstStages(const EnhanceOptions& options) {
  return Chain(Chain(CurveTable(options.curve), GammaTable(options.gamma)),
               BlendTable(0, options.brightness));
}

EnhanceStatistics::EnhanceStatistics(const EnhanceOptions& options)
    : first_stages_(FirstStages(options)) {
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < 256; ++i) {
      weights_[c][i] = kLuma[c] * first_stages_[i] + (c == 0 ? kLumaHalf : 0);
    }
  }
}

void EnhanceStatistics::Add(const uint8_t* row, uint32_t width, uint32_t components) {
  components_ = components;
  if (unfolded_ + width > UINT32_MAX) Fold();
  unfolded_ += width;
  components == 1 ? AddGray(row, width) : AddColor(row, width);
}

void EnhanceStatistics::AddGray(const uint8_t* row, uint32_t width) {
  uint32_t x = 0;
  for (; x + 8 <= width; x += 8) {
    uint64_t eight;
    std::memcpy(&eight, row + x, 8);
    for (size_t i = 0; i < 8; ++i) ++counts_[i][eight >> (8 * i) & 255];
  }
  for (; x < width; ++x) ++counts_[8][row[x]];
}

// Counts a pixel, its channels in the low three bytes, `times` times; gives its luma once.
inline uint32_t EnhanceStatistics::AddPixel(size_t table, uint32_t pixel, uint32_t times) {
  const uint32_t r = pixel & 255;
  const uint32_t g = pixel >> 8 & 255;
  const uint32_t b = pixel >> 16 & 255;
  const uint32_t luma = (weights_[0][r] + weights_[1][g] + weights_[2][b]) >> 16;
  counts_[table][r] += times;
  counts_[table + 1][g] += times;
  counts_[table + 2][b] += times;
  return luma;
}

// Four pixels, R0G0B0R1G1B1R2G2 and B2R3G3B3.
inline uint32_t EnhanceStatistics::AddFour(uint64_t first, uint32_t last, uint32_t times) {
  uint32_t luma = AddPixel(0, static_cast<uint32_t>(first), times);
  luma += AddPixel(3, static_cast<uint32_t>(first >> 24), times);
  luma += AddPixel(6, static_cast<uint32_t>(first >> 48) | last << 16, times);
  return luma + AddPixel(9, last >> 8, times);
}

// Even ground comes in long runs: four pixels that are like the four before are only numbered, and
// counted when the run ends.
void EnhanceStatistics::AddColor(const uint8_t* row, uint32_t width) {
  uint64_t luma = 0;
  const uint8_t* const end = row + size_t{width / 4} * 12;
  while (row < end) {
    uint64_t first;
    uint32_t last;
    std::memcpy(&first, row, 8);
    std::memcpy(&last, row + 8, 4);
    const uint8_t* run = row + 12;
    while (run < end && std::memcmp(run, row, 12) == 0) run += 12;
    const uint32_t times = static_cast<uint32_t>((run - row) / 12);
    luma += uint64_t{AddFour(first, last, times)} * times;
    row = run;
  }
  for (uint32_t x = 0; x < width % 4; ++x, row += 3) {
    luma += AddPixel(0, row[0] | uint32_t{row[1]} << 8 | uint32_t{row[2]} << 16, 1);
  }
  luma_ += luma;
}

Histogram EnhanceStatistics::Channel(uint32_t channel) const {
  Histogram sum = folded_[channel];
  const size_t step = components_ == 1 ? 1 : 3;
  for (size_t t = channel; t < kTables; t += step) {
    for (size_t i = 0; i < 256; ++i) sum[i] += counts_[t][i];
  }
  return sum;
}

void EnhanceStatistics::Fold() {
  for (uint32_t c = 0; c < components_; ++c) folded_[c] = Channel(c);
  counts_ = {};
  unfolded_ = 0;
}

void EnhanceStatistics::Merge(const EnhanceStatistics& other) {
  if (other.components_ == 0) return;
  components_ = other.components_;
  for (uint32_t c = 0; c < components_; ++c) {
    const Histogram more = other.Channel(c);
    for (size_t i = 0; i < 256; ++i) folded_[c][i] += more[i];
  }
  luma_ += other.luma_;
}

uint8_t EnhanceStatistics::Mean() const {
  if (components_ == 0) return 0;
  const Histogram first = Channel(0);
  const uint64_t pixels = Total(first);
  uint64_t sum = luma_;
  if (components_ == 1) {
    for (size_t i = 0; i < 256; ++i) sum += first_stages_[i] * first[i];
  }
  if (pixels == 0) return 0;
  return ToByte(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
}

EnhanceTables MakeTables(const EnhanceStatistics& statistics, const EnhanceOptions& options) {
  EnhanceTables tables;
  if (!options.on) return tables;
  const ByteTable contrasted =
      Chain(FirstStages(options), BlendTable(statistics.Mean(), options.contrast));
  for (uint32_t c = 0; c < statistics.components(); ++c) {
    const Histogram histogram = Through(contrasted, statistics.Channel(c));
    tables.Set(c, Chain(contrasted, AutocontrastTable(histogram, options.cutoff)));
  }
  return tables;
}

std::unique_ptr<PixelRows> EnhanceRows(std::unique_ptr<PixelRows> source,
                                       const EnhanceOptions& options) {
  return std::make_unique<EnhancedRows>(std::move(source), options);
}

absl::StatusOr<std::unique_ptr<PixelRows>> KeepEnhanced(PixelRows& source,
                                                        const EnhanceOptions& options) {
  EnhanceStatistics statistics(options);
  absl::StatusOr<std::unique_ptr<KeptRows>> kept =
      KeptRows::Read(source, [&statistics, &source, &options](const uint8_t* row) {
        if (options.on) statistics.Add(row, source.width(), source.components());
      });
  if (!kept.ok() || !options.on) return kept;
  const EnhanceTables tables = MakeTables(statistics, options);
  for (uint32_t y = 0; y < source.height(); ++y) {
    uint8_t* row = (*kept)->Row(y);
    tables.Apply(row, row, source.width(), source.components());
  }
  return kept;
}

}  // namespace cbzfs
