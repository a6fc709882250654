#include "codecs/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <exception>
#include <numbers>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "codecs/document/document.h"
#include "codecs/image/kept_rows.h"

namespace cbzfs {
namespace {

constexpr double kSupport = 3;
constexpr int kFractionBits = 32 - 8 - 2;  // two bits of room, as weights are negative in places

// A coefficient is high * 2^15 + low with |low| <= 2^14: products with pixels are then products of
// 16-bit numbers, which every vector unit multiplies and adds in pairs. |low| is never over the
// coefficient's own, so its sum stays within 32 bits as the whole does.
constexpr int kLowBits = 15;

double Sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double Lanczos(double x) {
  return -kSupport <= x && x < kSupport ? Sinc(x) * Sinc(x / kSupport) : 0.0;
}

uint8_t ToByte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

// Which of `in` pixels make each of `out`, and with what weights.
class Filter {
 public:
  // Throws what vectors throw.
  Filter(uint32_t in, uint32_t out);

  struct Taps {
    uint32_t first;
    uint32_t count;
    const int16_t* low;  // stride() of them, zero past count
    const int16_t* high;
  };
  Taps At(uint32_t out) const {
    const size_t at = size_t{out} * stride_;
    return {first_[out], count_[out], low_.data() + at, high_.data() + at};
  }
  size_t stride() const { return stride_; }

 private:
  void Weigh(uint32_t out, double center, double filter_scale);

  size_t stride_ = 0;
  std::vector<uint32_t> first_;
  std::vector<uint32_t> count_;
  std::vector<int16_t> low_;
  std::vector<int16_t> high_;
  std::vector<double> weights_;  // of one output pixel, during construction
};

Filter::Filter(uint32_t in, uint32_t out) {
  const double scale = static_cast<double>(in) / out;
  const double filter_scale = std::max(scale, 1.0);
  const double support = kSupport * filter_scale;
  // Pillow has room for as many; rounded up for whole vectors.
  stride_ = (static_cast<size_t>(std::ceil(support)) * 2 + 1 + 7) / 8 * 8;
  first_.resize(out);
  count_.resize(out);
  low_.resize(size_t{out} * stride_);
  high_.resize(size_t{out} * stride_);
  weights_.resize(stride_);
  for (uint32_t i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    // Pillow's rounding, to the last bit: towards zero, halves and negative numbers included.
    // NOLINTBEGIN(bugprone-incorrect-roundings)
    const int64_t from = std::max<int64_t>(static_cast<int64_t>(center - support + 0.5), 0);
    const int64_t to = std::min<int64_t>(static_cast<int64_t>(center + support + 0.5), in);
    // NOLINTEND(bugprone-incorrect-roundings)
    first_[i] = static_cast<uint32_t>(from);
    count_[i] = static_cast<uint32_t>(to - from);
    Weigh(i, center, filter_scale);
  }
  weights_ = {};
}

void Filter::Weigh(uint32_t out, double center, double filter_scale) {
  const double step = 1.0 / filter_scale;
  double sum = 0;
  for (uint32_t x = 0; x < count_[out]; ++x) {
    weights_[x] = Lanczos((static_cast<double>(x + first_[out]) - center + 0.5) * step);
    sum += weights_[x];
  }
  for (uint32_t x = 0; x < count_[out]; ++x) {
    double weight = weights_[x];
    if (sum != 0.0) weight /= sum;
    const double fixed = weight * (1 << kFractionBits);
    const int32_t rounded = static_cast<int32_t>(weight < 0 ? -0.5 + fixed : 0.5 + fixed);
    const int32_t high = (rounded + (1 << (kLowBits - 1))) >> kLowBits;
    high_[size_t{out} * stride_ + x] = static_cast<int16_t>(high);
    low_[size_t{out} * stride_ + x] = static_cast<int16_t>(rounded - (high << kLowBits));
  }
}

// Sum of products; `count` is a multiple of eight.
inline int32_t Dot(const int16_t* pixels, const Filter::Taps& taps, size_t count) {
  int32_t low = 0;
  int32_t high = 0;
  for (size_t i = 0; i < (count & ~size_t{7}); ++i) {
    low += pixels[i] * taps.low[i];
    high += pixels[i] * taps.high[i];
  }
  // The whole fits 32 bits; its parts may not.
  return static_cast<int32_t>(static_cast<uint32_t>(low) +
                              (static_cast<uint32_t>(high) << kLowBits));
}

class ResizedRows final : public PixelRows {
 public:
  ResizedRows(std::unique_ptr<PixelRows> source, uint32_t width, uint32_t height)
      : PixelRows(width, height, source->components()), source_(std::move(source)) {}

  absl::Status Rewind() override {
    try {
      if (window_.empty()) Prepare();
    } catch (const std::exception&) {  // bad_alloc, or length_error of an absurd size
      return absl::ResourceExhaustedError("no memory for scaling");
    }
    taken_ = 0;
    next_ = 0;
    return source_->Rewind();
  }

  const uint8_t* Next() override;

  absl::Status status() const override { return source_->status(); }
  std::string damage() const override { return source_->damage(); }

 private:
  void Prepare();
  bool TakeRow();
  void Across(const uint8_t* in, uint8_t* out);
  void Down(const Filter::Taps& taps);
  size_t row_bytes() const { return size_t{width()} * components(); }
  uint8_t* WindowRow(uint32_t y) { return window_.data() + y % window_rows_ * row_bytes(); }

  const std::unique_ptr<PixelRows> source_;
  std::unique_ptr<Filter> across_;  // null: the width stays
  std::unique_ptr<Filter> down_;    // null: the height stays
  // The source's rows at the new width: row y of it stands at y modulo window_rows_.
  uint32_t window_rows_ = 1;
  std::vector<uint8_t> window_;
  std::vector<int16_t> plane_;  // one channel of a source row, and eight more
  std::vector<int32_t> sums_;
  std::vector<uint8_t> row_;
  uint32_t taken_ = 0;  // rows of the source in this pass
  uint32_t next_ = 0;   // row of the result
};

void ResizedRows::Prepare() {
  if (width() != source_->width()) {
    across_ = std::make_unique<Filter>(source_->width(), width());
    plane_.resize(size_t{source_->width()} + across_->stride());
  }
  if (height() != source_->height()) {
    down_ = std::make_unique<Filter>(source_->height(), height());
    window_rows_ = static_cast<uint32_t>(std::min<size_t>(down_->stride(), source_->height()));
    sums_.resize(row_bytes());
    row_.resize(row_bytes());
  }
  window_.resize(window_rows_ * row_bytes());
}

const uint8_t* ResizedRows::Next() {
  if (down_ == nullptr) return TakeRow() ? WindowRow(taken_ - 1) : nullptr;
  const Filter::Taps taps = down_->At(next_++);
  while (taken_ < taps.first + taps.count) {
    if (!TakeRow()) return nullptr;
  }
  Down(taps);
  // What the filter does not reach at the end is read all the same: damage counts there, too.
  while (next_ == height() && taken_ < source_->height()) {
    if (source_->Next() == nullptr) return nullptr;
    ++taken_;
  }
  return row_.data();
}

bool ResizedRows::TakeRow() {
  const uint8_t* in = source_->Next();
  if (in == nullptr) return false;
  uint8_t* out = WindowRow(taken_++);
  if (across_ != nullptr) {
    Across(in, out);
  } else {
    std::memcpy(out, in, row_bytes());
  }
  return true;
}

void ResizedRows::Across(const uint8_t* in, uint8_t* out) {
  const size_t stride = across_->stride();
  for (uint32_t c = 0; c < components(); ++c) {
    for (uint32_t x = 0; x < source_->width(); ++x) plane_[x] = in[x * components() + c];
    for (uint32_t x = 0; x < width(); ++x) {
      const Filter::Taps taps = across_->At(x);
      const int32_t sum = Dot(plane_.data() + taps.first, taps, stride);
      out[size_t{x} * components() + c] = ToByte(sum + (1 << (kFractionBits - 1)));
    }
  }
}

void ResizedRows::Down(const Filter::Taps& taps) {
  std::fill(sums_.begin(), sums_.end(), 1 << (kFractionBits - 1));
  const size_t bytes = row_bytes();
  for (uint32_t i = 0; i < taps.count; ++i) {
    const uint8_t* in = WindowRow(taps.first + i);
    const int32_t weight = taps.low[i] + taps.high[i] * (1 << kLowBits);
    int32_t* sums = sums_.data();
    for (size_t x = 0; x < bytes; ++x) sums[x] += in[x] * weight;
  }
  for (size_t x = 0; x < bytes; ++x) row_[x] = ToByte(sums_[x]);
}

}  // namespace

std::unique_ptr<PixelRows> ResizeRows(std::unique_ptr<PixelRows> source, uint32_t width,
                                      uint32_t height) {
  if (width == source->width() && height == source->height()) return source;
  return std::make_unique<ResizedRows>(std::move(source), width, height);
}

}  // namespace cbzfs
