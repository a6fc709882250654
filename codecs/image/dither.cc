#include "codecs/image/dither.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace cbzfs {
namespace {

class Dithered final : public PixelRows {
 public:
  Dithered(std::unique_ptr<PixelRows> source, uint32_t levels, uint32_t strength, uint32_t width,
           uint32_t height)
      : PixelRows(width, height, 1),
        source_(std::move(source)),
        strength_(static_cast<int32_t>(strength)),
        errors_(size_t{width} + 2),
        below_(size_t{width} + 2),
        row_(width) {
    const uint32_t steps = levels - 1;
    for (uint32_t value = 0; value < 256; ++value) {
      const uint32_t level = (value * steps * 2 + 255) / 510;
      nearest_[value] = static_cast<uint8_t>((level * 255 * 2 + steps) / (2 * steps));
    }
  }

  absl::Status Rewind() override {
    std::fill(errors_.begin(), errors_.end(), 0);
    std::fill(below_.begin(), below_.end(), 0);
    next_ = 0;
    return source_->Rewind();
  }

  const uint8_t* Next() override {
    const uint8_t* const from = source_->Next();
    if (from == nullptr) return nullptr;
    // Errors are sixteenths; column x has index x + 1, so that neighbours of the edge have a place.
    if (next_++ % 2 == 0) {
      for (uint32_t x = 0; x < width(); ++x) Step(from, x, 1);
    } else {
      for (uint32_t x = width(); x-- > 0;) Step(from, x, -1);
    }
    std::swap(errors_, below_);
    std::fill(below_.begin(), below_.end(), 0);
    return row_.data();
  }

  absl::Status status() const override { return source_->status(); }
  std::string damage() const override { return source_->damage(); }

 private:
  void Step(const uint8_t* from, uint32_t x, int32_t ahead) {
    int32_t* const here = &errors_[x + 1];
    int32_t* const below = &below_[x + 1];
    const int32_t value = std::clamp(from[x] + ((*here + 8) >> 4), 0, 255);
    const uint8_t chosen = nearest_[static_cast<uint32_t>(value)];
    row_[x] = chosen;
    const int32_t error = (value - chosen) * strength_ / 4;
    here[ahead] += 7 * error;
    below[-ahead] += 3 * error;
    below[0] += 5 * error;
    below[ahead] += error;
  }

  const std::unique_ptr<PixelRows> source_;
  const int32_t strength_;
  std::array<uint8_t, 256> nearest_ = {};
  std::vector<int32_t> errors_;  // for this row
  std::vector<int32_t> below_;   // for the next
  std::vector<uint8_t> row_;
  uint32_t next_ = 0;
};

}  // namespace

std::unique_ptr<PixelRows> DitherRows(std::unique_ptr<PixelRows> source, uint32_t levels,
                                      uint32_t strength) {
  const uint32_t width = source->width();
  const uint32_t height = source->height();
  return std::make_unique<Dithered>(std::move(source), levels, strength, width, height);
}

}  // namespace cbzfs
