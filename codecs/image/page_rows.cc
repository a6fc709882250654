#include "codecs/image/page_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace cbzfs {
namespace {

// Rows made one by one of those of a source.
class DerivedRows : public PixelRows {
 public:
  DerivedRows(std::unique_ptr<PixelRows> source, uint32_t width, uint32_t height,
              uint32_t components)
      : PixelRows(width, height, components), source_(std::move(source)) {}

  absl::Status Rewind() override { return source_->Rewind(); }
  absl::Status status() const override { return source_->status(); }
  std::string damage() const override { return source_->damage(); }

 protected:
  PixelRows& source() { return *source_; }

 private:
  const std::unique_ptr<PixelRows> source_;
};

class Gray final : public DerivedRows {
 public:
  Gray(std::unique_ptr<PixelRows> rows, uint32_t width, uint32_t height)
      : DerivedRows(std::move(rows), width, height, 1), row_(width) {}

  const uint8_t* Next() override {
    const uint8_t* pixel = source().Next();
    if (pixel == nullptr) return nullptr;
    for (uint8_t& gray : row_) {
      gray = static_cast<uint8_t>(
          (pixel[0] * 19595u + pixel[1] * 38470u + pixel[2] * 7471u + 0x8000u) >> 16);
      pixel += 3;
    }
    return row_.data();
  }

 private:
  std::vector<uint8_t> row_;
};

class Windowed final : public DerivedRows {
 public:
  Windowed(std::unique_ptr<PixelRows> rows, const Window& window, uint32_t components)
      : DerivedRows(std::move(rows), window.width, window.height, components), window_(window) {}

  absl::Status Rewind() override {
    above_ = window_.top;
    return source().Rewind();
  }

  const uint8_t* Next() override {
    for (; above_ > 0; --above_) {
      if (source().Next() == nullptr) return nullptr;
    }
    const uint8_t* const row = source().Next();
    return row == nullptr ? nullptr : row + size_t{window_.left} * components();
  }

 private:
  const Window window_;
  uint32_t above_ = 0;  // rows still to be passed over
};

class Canvas final : public DerivedRows {
 public:
  Canvas(std::unique_ptr<PixelRows> rows, uint32_t width, uint32_t height, uint8_t ground,
         const PixelRows& inner)
      : DerivedRows(std::move(rows), width, height, inner.components()),
        top_((height - inner.height()) / 2),
        bottom_(top_ + inner.height()),
        left_bytes_(size_t{(width - inner.width()) / 2} * inner.components()),
        inner_bytes_(size_t{inner.width()} * inner.components()),
        ground_(size_t{width} * inner.components(), ground),
        row_(ground_) {}

  absl::Status Rewind() override {
    next_ = 0;
    return source().Rewind();
  }

  const uint8_t* Next() override {
    const uint32_t y = next_++;
    if (y < top_ || y >= bottom_) return ground_.data();
    const uint8_t* const row = source().Next();
    if (row == nullptr) return nullptr;
    std::memcpy(row_.data() + left_bytes_, row, inner_bytes_);
    return row_.data();
  }

 private:
  const uint32_t top_;
  const uint32_t bottom_;
  const size_t left_bytes_;
  const size_t inner_bytes_;
  const std::vector<uint8_t> ground_;
  std::vector<uint8_t> row_;
  uint32_t next_ = 0;
};

}  // namespace

std::unique_ptr<PixelRows> GrayRows(std::unique_ptr<PixelRows> source) {
  if (source->components() == 1) return source;
  const uint32_t width = source->width();
  const uint32_t height = source->height();
  return std::make_unique<Gray>(std::move(source), width, height);
}

std::unique_ptr<PixelRows> WindowRows(std::unique_ptr<PixelRows> source, const Window& window) {
  if (window == Window{0, 0, source->width(), source->height()}) return source;
  const uint32_t components = source->components();
  return std::make_unique<Windowed>(std::move(source), window, components);
}

std::unique_ptr<PixelRows> CanvasRows(std::unique_ptr<PixelRows> source, uint32_t width,
                                      uint32_t height, uint8_t ground) {
  if (source->width() == width && source->height() == height) return source;
  const PixelRows& inner = *source;
  return std::make_unique<Canvas>(std::move(source), width, height, ground, inner);
}

}  // namespace cbzfs
