// Pictures for tests: made by formula, counted, and failing when told to.

#ifndef CBZFS_TESTS_CODECS_IMAGE_FAKE_ROWS_H_
#define CBZFS_TESTS_CODECS_IMAGE_FAKE_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "codecs/image/pixel_rows.h"

namespace cbzfs {

// Noise over slopes with even ground on the left: equal pixels, rare levels, all channels unlike.
inline std::vector<uint8_t> TestPixels(uint32_t width, uint32_t height, uint32_t components) {
  std::vector<uint8_t> pixels;
  uint32_t random = 1;
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (uint32_t c = 0; c < components; ++c) {
        random = random * 1664525 + 1013904223;
        const uint32_t value =
            x * 4 < width ? 250 - 9 * c : (x * (c + 1) + y * 2) % 240 + (random >> 28);
        pixels.push_back(static_cast<uint8_t>(value));
      }
    }
  }
  return pixels;
}

class FakeRows final : public PixelRows {
 public:
  FakeRows(uint32_t width, uint32_t height, uint32_t components)
      : PixelRows(width, height, components),
        row_bytes_(size_t{width} * components),
        pixels_(TestPixels(width, height, components)) {}

  absl::Status Rewind() override {
    ++passes;
    next_ = 0;
    return passes > fail_pass ? absl::ResourceExhaustedError("fake") : absl::OkStatus();
  }
  const uint8_t* Next() override {
    if (passes == fail_pass && next_ == fail_row) {
      failed_ = true;
      return nullptr;
    }
    // A row is valid until the next call only: what was given before is overwritten.
    row_.assign(pixels_.begin() + static_cast<ptrdiff_t>(next_ * row_bytes_),
                pixels_.begin() + static_cast<ptrdiff_t>((next_ + 1) * row_bytes_));
    ++next_;
    return row_.data();
  }
  absl::Status status() const override {
    return failed_ ? absl::DataLossError("fake") : absl::OkStatus();
  }
  std::string damage() const override { return next_ == height() ? "torn" : ""; }

  const std::vector<uint8_t>& pixels() const { return pixels_; }

  int passes = 0;
  int fail_pass = 1 << 30;  // at row fail_row of this pass, and at every Rewind() after it
  uint32_t fail_row = 0;

 private:
  const size_t row_bytes_;
  const std::vector<uint8_t> pixels_;
  std::vector<uint8_t> row_;
  uint32_t next_ = 0;
  bool failed_ = false;
};

// One pass; short when the rows end early.
inline std::vector<uint8_t> ReadAll(PixelRows& rows) {
  std::vector<uint8_t> all;
  if (!rows.Rewind().ok()) return all;
  for (uint32_t y = 0; y < rows.height(); ++y) {
    const uint8_t* row = rows.Next();
    if (row == nullptr) break;
    all.insert(all.end(), row, row + size_t{rows.width()} * rows.components());
  }
  return all;
}

}  // namespace cbzfs

#endif  // CBZFS_TESTS_CODECS_IMAGE_FAKE_ROWS_H_
