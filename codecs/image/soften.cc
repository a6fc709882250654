#include "codecs/image/soften.h"

#include <algorithm>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "codecs/image/kept_rows.h"

namespace cbzfs {
namespace {

// Between which cells the centre of pixel `at` lies, and how far, in 256ths, from the first.
struct Between {
  uint32_t first;
  uint32_t second;
  uint32_t weight;
};

Between Locate(uint32_t at, uint32_t factor, uint32_t cells) {
  const int64_t twice = 2 * static_cast<int64_t>(at) + 1 - factor;
  if (twice <= 0) return {0, 0, 0};
  const int64_t cell_ends = 2 * int64_t{factor};
  const uint32_t cell = static_cast<uint32_t>(twice / cell_ends);
  if (cell + 1 >= cells) return {cells - 1, cells - 1, 0};
  return {cell, cell + 1, static_cast<uint32_t>(twice % cell_ends * 256 / cell_ends)};
}

}  // namespace

absl::StatusOr<SoftRows> SoftRows::Create(PixelRows& rows, uint32_t factor) {
  SoftRows soft;
  soft.width_ = rows.width();
  soft.height_ = rows.height();
  soft.components_ = rows.components();
  soft.factor_ = factor;
  soft.cells_wide_ = (soft.width_ + factor - 1) / factor;
  soft.cells_high_ = (soft.height_ + factor - 1) / factor;
  const size_t row_cells = static_cast<size_t>(soft.cells_wide_) * soft.components_;
  try {
    soft.cells_.resize(row_cells * soft.cells_high_);
    soft.blend_.resize(row_cells);
    soft.row_.resize(static_cast<size_t>(soft.width_) * soft.components_);
    if (absl::Status status = soft.Shrink(rows); !status.ok()) return status;
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory for a softened page");
  }
  return soft;
}

absl::Status SoftRows::Shrink(PixelRows& rows) {
  if (absl::Status status = rows.Rewind(); !status.ok()) return status;
  std::vector<uint64_t> sums(blend_.size());
  uint8_t* out = cells_.data();
  for (uint32_t top = 0; top < height_; top += factor_) {
    const uint32_t bottom = std::min(height_, top + factor_);
    std::fill(sums.begin(), sums.end(), 0);
    for (uint32_t y = top; y < bottom; ++y) {
      const uint8_t* pixel = rows.Next();
      if (pixel == nullptr) return WhyRowsEnded(rows);
      uint64_t* sum = sums.data();
      for (uint32_t left = 0; left < width_; left += factor_, sum += components_) {
        const uint32_t right = std::min(width_, left + factor_);
        for (uint32_t x = left; x < right; ++x) {
          for (uint32_t c = 0; c < components_; ++c) sum[c] += *pixel++;
        }
      }
    }
    size_t i = 0;
    for (uint32_t left = 0; left < width_; left += factor_) {
      const uint64_t area =
          static_cast<uint64_t>(bottom - top) * (std::min(width_, left + factor_) - left);
      for (uint32_t c = 0; c < components_; ++c, ++i) {
        // No cell is empty: left is below the width, and top below bottom.
        *out++ = static_cast<uint8_t>((sums[i] + area / 2) / area);  // NOLINT(clang-analyzer-core.DivideZero)
      }
    }
  }
  return absl::OkStatus();
}

const uint8_t* SoftRows::Row(void* state, uint32_t y) {
  SoftRows* self = static_cast<SoftRows*>(state);
  const Between rows = Locate(y, self->factor_, self->cells_high_);
  const size_t row_cells = self->blend_.size();
  const uint8_t* upper = self->cells_.data() + rows.first * row_cells;
  const uint8_t* lower = self->cells_.data() + rows.second * row_cells;
  for (size_t i = 0; i < row_cells; ++i) {
    self->blend_[i] = upper[i] * (256 - rows.weight) + lower[i] * rows.weight;
  }
  uint8_t* out = self->row_.data();
  for (uint32_t x = 0; x < self->width_; ++x) {
    const Between columns = Locate(x, self->factor_, self->cells_wide_);
    const uint32_t* left = self->blend_.data() + size_t{columns.first} * self->components_;
    const uint32_t* right = self->blend_.data() + size_t{columns.second} * self->components_;
    for (uint32_t c = 0; c < self->components_; ++c) {
      const uint32_t value = left[c] * (256 - columns.weight) + right[c] * columns.weight;
      *out++ = static_cast<uint8_t>((value + 32768) >> 16);
    }
  }
  return self->row_.data();
}

}  // namespace cbzfs
