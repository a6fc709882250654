#include "codecs/image/margins.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

#include "codecs/image/kept_rows.h"

namespace cbzfs {
namespace {

constexpr uint32_t kMostCells = 1024;  // along the longer side
// A pixel is of the ground within so many of its 255 steps: JPEG's noise, and paper that is not
// evenly lit.
constexpr int kTolerance = 48;
// Of the cells of a row or column, one in so many may be dust.
constexpr uint32_t kDustOneIn = 250;
// What stays beside the content: one in so many of the cells.
constexpr uint32_t kRimOneIn = 128;
constexpr uint32_t kLeastShareOf5 = 3;

struct Cell {
  uint8_t darkest = 255;
  uint8_t lightest = 0;
};

class Map {
 public:
  explicit Map(const Window& part)
      : step_((std::max(part.width, part.height) + kMostCells - 1) / kMostCells),
        columns_((part.width + step_ - 1) / step_),
        rows_((part.height + step_ - 1) / step_),
        cells_(size_t{columns_} * rows_) {}

  void Add(const uint8_t* pixel, uint32_t width, uint32_t y, uint32_t components) {
    Cell* cell = &cells_[size_t{y / step_} * columns_];
    for (uint32_t x = 0, in_cell = 0; x < width; ++x, pixel += components) {
      const uint8_t luma =
          components == 1
              ? *pixel
              : static_cast<uint8_t>((pixel[0] * 77 + pixel[1] * 150 + pixel[2] * 29) >> 8);
      cell->darkest = std::min(cell->darkest, luma);
      cell->lightest = std::max(cell->lightest, luma);
      if (++in_cell == step_) {
        in_cell = 0;
        ++cell;
      }
    }
  }

  // The middle one of the cells along the edges.
  int Ground() const {
    std::vector<int> edge;
    edge.reserve(2 * (size_t{columns_} + rows_));
    for (uint32_t x = 0; x < columns_; ++x) {
      edge.push_back(Middle(x, 0));
      edge.push_back(Middle(x, rows_ - 1));
    }
    for (uint32_t y = 0; y < rows_; ++y) {
      edge.push_back(Middle(0, y));
      edge.push_back(Middle(columns_ - 1, y));
    }
    const auto half = edge.begin() + static_cast<ptrdiff_t>(edge.size() / 2);
    std::nth_element(edge.begin(), half, edge.end());
    return *half;
  }

  struct Range {
    uint32_t first = 0;
    uint32_t end = 0;  // none: first == end
  };
  void Find(int ground, Range* across, Range* down) const {
    std::vector<uint32_t> in_column(columns_);
    std::vector<uint32_t> in_row(rows_);
    for (uint32_t y = 0; y < rows_; ++y) {
      for (uint32_t x = 0; x < columns_; ++x) {
        const Cell& cell = cells_[size_t{y} * columns_ + x];
        if (ground - cell.darkest <= kTolerance && cell.lightest - ground <= kTolerance) continue;
        ++in_column[x];
        ++in_row[y];
      }
    }
    *across = Busy(in_column, rows_ / kDustOneIn);
    *down = Busy(in_row, columns_ / kDustOneIn);
  }

  uint32_t step() const { return step_; }

 private:
  int Middle(uint32_t x, uint32_t y) const {
    const Cell& cell = cells_[size_t{y} * columns_ + x];
    return (cell.darkest + cell.lightest) / 2;
  }

  static Range Busy(const std::vector<uint32_t>& counts, uint32_t dust) {
    Range range{0, static_cast<uint32_t>(counts.size())};
    while (range.first < range.end && counts[range.first] <= dust) ++range.first;
    while (range.end > range.first && counts[range.end - 1] <= dust) --range.end;
    return range;
  }

  const uint32_t step_;
  const uint32_t columns_;
  const uint32_t rows_;
  std::vector<Cell> cells_;
};

// In pixels of a side: with a rim, and long enough.
Map::Range Widened(const Map::Range& cells, uint32_t step, uint32_t side) {
  const uint32_t rim = side / kRimOneIn;
  uint32_t first = cells.first * step;
  uint32_t end = std::min(cells.end * step, side);
  first -= std::min(first, rim);
  end = std::min(end + rim, side);
  const auto least = static_cast<uint32_t>(uint64_t{side} * kLeastShareOf5 / 5);
  if (end - first >= least) return {first, end};
  const uint32_t missing = least - (end - first);
  first -= std::min(first, missing / 2);
  end = std::min(first + least, side);
  first = end - least;
  return {first, end};
}

absl::StatusOr<Content> Look(PixelRows& rows, const Window& part) {
  Map map(part);
  if (absl::Status status = rows.Rewind(); !status.ok()) return status;
  for (uint32_t y = 0; y < part.top + part.height; ++y) {
    const uint8_t* const row = rows.Next();
    if (row == nullptr) return WhyRowsEnded(rows);
    if (y < part.top) continue;
    map.Add(row + size_t{part.left} * rows.components(), part.width, y - part.top,
            rows.components());
  }
  const int ground = map.Ground();
  Content content{part, static_cast<uint8_t>(ground < 128 ? 0 : 255)};
  Map::Range across;
  Map::Range down;
  map.Find(ground, &across, &down);
  if (across.first == across.end || down.first == down.end) return content;
  across = Widened(across, map.step(), part.width);
  down = Widened(down, map.step(), part.height);
  content.window = {part.left + across.first, part.top + down.first, across.end - across.first,
                    down.end - down.first};
  return content;
}

}  // namespace

absl::StatusOr<Content> FindContent(PixelRows& rows, const Window& part) {
  try {
    return Look(rows, part);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("no memory to find the margins of a page");
  }
}

}  // namespace cbzfs
