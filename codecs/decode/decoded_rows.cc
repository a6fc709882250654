#include "codecs/decode/decoded_rows.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace cbzfs {
namespace {

// Upright rows that are gathered at a time when they are columns of the file, so that the cache
// lines of a file's row are read once or twice, not for each of them; and how many rows ahead these
// are fetched.
constexpr uint32_t kStripRows = 64;
constexpr size_t kStripBytes = 4 << 20;  // fewer, when they are longer than usual
constexpr uint32_t kFetchAhead = 8;

constexpr size_t kMaxMessage = 160;

// One pixel; not memcpy() of a length that only the program's run tells, which would be a call.
void CopyPixel(const uint8_t* in, uint32_t depth, uint8_t* out) {
  out[0] = in[0];
  if (depth == 1) return;
  out[1] = in[1];
  out[2] = in[2];
}

bool Transposes(int orientation) { return orientation >= 5; }

// A stream collected, so that it can be turned.
class CollectedRows final : public HeldRows {
 public:
  CollectedRows(std::unique_ptr<PixelRows> rows, int orientation)
      : HeldRows(rows->width(), rows->height(), rows->components(), orientation),
        rows_(std::move(rows)) {}

 private:
  absl::StatusOr<PixelBuffer> Decode() override {
    absl::StatusOr<PixelBuffer> pixels = MakePixels(file_width(), file_height(), components());
    if (!pixels.ok()) return pixels;
    if (absl::Status status = rows_->Rewind(); !status.ok()) return status;
    const size_t row_bytes = size_t{file_width()} * components();
    for (uint32_t y = 0; y < file_height(); ++y) {
      const uint8_t* row = rows_->Next();
      if (row == nullptr) return rows_->status();
      std::memcpy(pixels->get() + y * row_bytes, row, row_bytes);
    }
    SetDamage(rows_->damage());
    rows_.reset();
    return pixels;
  }

  std::unique_ptr<PixelRows> rows_;
};

class MirroredRows final : public PixelRows {
 public:
  explicit MirroredRows(std::unique_ptr<PixelRows> rows)
      : PixelRows(rows->width(), rows->height(), rows->components()), rows_(std::move(rows)) {}

  absl::Status Rewind() override {
    try {
      row_.resize(size_t{width()} * components());
    } catch (const std::bad_alloc&) {
      return absl::ResourceExhaustedError("no memory for a row");
    }
    return rows_->Rewind();
  }
  const uint8_t* Next() override {
    const uint8_t* row = rows_->Next();
    if (row == nullptr) return nullptr;
    uint8_t* out = row_.data() + row_.size();
    for (uint32_t x = 0; x < width(); ++x, row += components()) {
      out -= components();
      CopyPixel(row, components(), out);
    }
    return row_.data();
  }
  absl::Status status() const override { return rows_->status(); }
  std::string damage() const override { return rows_->damage(); }

 private:
  std::unique_ptr<PixelRows> rows_;
  std::vector<uint8_t> row_;
};

}  // namespace

std::string DamageLine(std::string_view format, std::string_view message) {
  std::string line(format);
  line += ": ";
  line += message.substr(0, kMaxMessage);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

absl::Status StreamedRows::Rewind() {
  damage_.clear();
  broken_ = false;
  ahead_ = false;
  try {
    row_.resize(size_t{width()} * components());
    if (absl::Status status = Start(); !status.ok()) return status;
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for a row");
  }
  // Decoded now, so that a picture of which nothing can be seen is known before anyone begins.
  if (!TryReadRow()) {
    return absl::DataLossError(damage_.empty() ? "picture without data" : damage_);
  }
  ahead_ = true;
  return absl::OkStatus();
}

const uint8_t* StreamedRows::Next() {
  if (ahead_) {
    ahead_ = false;
  } else if (broken_ || !TryReadRow()) {
    broken_ = true;
    std::fill(row_.begin(), row_.end(), 255);
  }
  return row_.data();
}

// Words about damage take memory, and Next() must not throw.
bool StreamedRows::TryReadRow() {
  try {
    return ReadRow(row_.data());
  } catch (const std::bad_alloc&) {
    return false;
  }
}

absl::StatusOr<PixelBuffer> MakePixels(uint32_t width, uint32_t height, uint32_t components) {
  const size_t bytes = size_t{width} * height * components;
  PixelBuffer pixels(static_cast<uint8_t*>(std::malloc(bytes)));
  if (pixels == nullptr) return absl::ResourceExhaustedError("no memory for a picture");
  std::memset(pixels.get(), 255, bytes);
  return pixels;
}

HeldRows::HeldRows(uint32_t width, uint32_t height, uint32_t components, int orientation)
    : PixelRows(Transposes(orientation) ? height : width, Transposes(orientation) ? width : height,
                components),
      file_width_(width),
      file_height_(height),
      orientation_(orientation) {}

absl::Status HeldRows::Rewind() {
  next_ = 0;
  if (pixels_ != nullptr) return absl::OkStatus();
  try {
    const size_t row_bytes = size_t{width()} * components();
    if (Transposes(orientation_)) {
      const size_t fits = std::clamp<size_t>(kStripBytes / row_bytes, 1, kStripRows);
      strip_rows_ = static_cast<uint32_t>(fits);
    }
    strip_.resize(row_bytes * strip_rows_);
    absl::StatusOr<PixelBuffer> pixels = Decode();
    if (!pixels.ok()) return pixels.status();
    pixels_ = *std::move(pixels);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for a picture");
  }
  return absl::OkStatus();
}

const uint8_t* HeldRows::Next() {
  const uint32_t y = next_++;
  const size_t row_bytes = size_t{width()} * components();
  if (Transposes(orientation_)) {
    if (y % strip_rows_ == 0) TurnStrip(y, std::min(strip_rows_, height() - y));
    return strip_.data() + y % strip_rows_ * row_bytes;
  }
  const bool from_below = orientation_ == 3 || orientation_ == 4;
  const uint8_t* row = pixels_.get() + (from_below ? file_height_ - 1 - y : y) * row_bytes;
  if (orientation_ != 2 && orientation_ != 3) return row;
  uint8_t* out = strip_.data() + row_bytes;
  for (uint32_t x = 0; x < width(); ++x, row += components()) {
    out -= components();
    CopyPixel(row, components(), out);
  }
  return strip_.data();
}

// Upright row y is column y of the file (from the right for 7 and 8), read downwards (upwards for 6
// and 7).
void HeldRows::TurnStrip(uint32_t first, uint32_t rows) {
  const uint32_t depth = components();
  const bool from_right = orientation_ >= 7;
  const bool from_below = orientation_ == 6 || orientation_ == 7;
  const size_t row_bytes = size_t{width()} * depth;
  for (uint32_t x = 0; x < width(); ++x) {
    const uint32_t file_y = from_below ? file_height_ - 1 - x : x;
    const uint8_t* row = pixels_.get() + size_t{file_y} * file_width_ * depth;
    const uint32_t ahead = std::min(x + kFetchAhead, width() - 1);
    const uint32_t ahead_y = from_below ? file_height_ - 1 - ahead : ahead;
    const uint32_t left = from_right ? file_width_ - (first + rows) : first;
    const uint8_t* next = pixels_.get() + (size_t{ahead_y} * file_width_ + left) * depth;
    for (uint32_t at = 0; at < rows * depth; at += 64) __builtin_prefetch(next + at);
    uint8_t* out = strip_.data() + size_t{x} * depth;
    for (uint32_t i = 0; i < rows; ++i, out += row_bytes) {
      const uint32_t file_x = from_right ? file_width_ - 1 - (first + i) : first + i;
      CopyPixel(row + size_t{file_x} * depth, depth, out);
    }
  }
}

std::unique_ptr<PixelRows> TurnUpright(std::unique_ptr<PixelRows> rows, int orientation) {
  if (orientation == 1) return rows;
  if (orientation == 2) return std::make_unique<MirroredRows>(std::move(rows));
  return std::make_unique<CollectedRows>(std::move(rows), orientation);
}

}  // namespace cbzfs
