#include "codecs/pdf/pixel_paint.h"

#include <algorithm>
#include <cstring>

namespace cbzfs {
namespace {

constexpr int kOne = 1 << kPaintFraction;
constexpr int kHalf = kOne / 2;
constexpr int kMask = kOne - 1;

// Turned images are painted so many columns at a time, so that the image's rows stay in the cache.
constexpr int kColumns = 32;

// The steps from `begin` (never under 0) up to `end` (never over `count`) at which a position that
// starts at `at` and moves by `step` is inside 0 <= position < limit.
struct Inside {
  int begin;
  int end;

  Inside(int at, int step, int count, int64_t limit) {
    const auto inside = [&](int i) {
      const int64_t position = at + int64_t{step} * i;
      return position >= 0 && position < limit;
    };
    begin = 0;
    end = count;
    while (begin < end && !inside(begin)) ++begin;
    while (end > begin && !inside(end - 1)) --end;
  }
};

template <int kComponents>
void CopyTurned(const Painting& p, Inside rows, Inside columns) {
  for (int left = columns.begin; left < columns.end; left += kColumns) {
    const int width = std::min(kColumns, columns.end - left);
    const uint8_t* from[kColumns];  // the rows of the image that become columns
    for (int i = 0; i < width; ++i) {
      from[i] = p.image + ((p.v + p.right_v * (left + i)) >> kPaintFraction) * p.image_stride;
    }
    for (int y = rows.begin; y < rows.end; ++y) {
      uint8_t* to = p.to + y * p.to_stride + ptrdiff_t{left} * kComponents;
      const ptrdiff_t at = ptrdiff_t{(p.u + p.down_u * y) >> kPaintFraction} * kComponents;
      for (int i = 0; i < width; ++i, to += kComponents) {
        std::memcpy(to, from[i] + at, kComponents);
      }
    }
  }
}

void PaintTurned(const Painting& p) {
  const Inside rows(p.u, p.down_u, p.height, int64_t{p.image_width} << kPaintFraction);
  const Inside columns(p.v, p.right_v, p.width, int64_t{p.image_height} << kPaintFraction);
  if (p.components == 1) {
    CopyTurned<1>(p, rows, columns);
  } else {
    CopyTurned<3>(p, rows, columns);
  }
}

template <int kComponents>
void CopyRow(const Painting& p, const uint8_t* from, uint8_t* to, Inside columns) {
  int u = p.u + p.right_u * columns.begin;
  to += ptrdiff_t{columns.begin} * kComponents;
  for (int x = columns.begin; x < columns.end; ++x, u += p.right_u, to += kComponents) {
    const uint8_t* pixel = from + ptrdiff_t{u >> kPaintFraction} * kComponents;
    for (int c = 0; c < kComponents; ++c) to[c] = pixel[c];
  }
}

template <int kComponents>
void MaskRow(const uint8_t* mask, int count, const uint8_t* color, uint16_t opacity, uint8_t* to) {
  uint16_t parts[16];
  for (int x = 0; x < count; x += 16, mask += 16, to += ptrdiff_t{16} * kComponents) {
    const int here = std::min(16, count - x);
    // Nearly all of a page of line art.
    if (std::all_of(mask, mask + here, [](uint8_t m) { return m == 0; })) continue;
    for (int i = 0; i < here; ++i) {
      const auto m = static_cast<uint16_t>(mask[i] + (mask[i] >> 7));
      parts[i] = static_cast<uint16_t>((m * opacity) >> 8);
    }
    for (int i = 0; i < here; ++i) {
      for (int c = 0; c < kComponents; ++c) {
        uint8_t& at = to[i * kComponents + c];
        at = static_cast<uint8_t>(((color[c] - at) * parts[i] + (at << 8)) >> 8);
      }
    }
  }
}

void PaintUpright(const Painting& p) {
  const Inside rows(p.v, p.down_v, p.height, int64_t{p.image_height} << kPaintFraction);
  const Inside columns(p.u, p.right_u, p.width, int64_t{p.image_width} << kPaintFraction);
  if (columns.begin >= columns.end) return;
  const int first = (p.u + p.right_u * columns.begin) >> kPaintFraction;
  const int last = (p.u + p.right_u * (columns.end - 1)) >> kPaintFraction;
  const int count = columns.end - columns.begin;
  // Steps are even: where the last pixel is as many further on, each is one further on.
  const bool straight = last - first == count - 1;
  for (int y = rows.begin; y < rows.end; ++y) {
    const uint8_t* from = p.image + ((p.v + p.down_v * y) >> kPaintFraction) * p.image_stride;
    uint8_t* to = p.to + y * p.to_stride;
    if (straight) {
      std::memcpy(to + ptrdiff_t{columns.begin} * p.components,
                  from + ptrdiff_t{first} * p.components,
                  static_cast<size_t>(count) * static_cast<size_t>(p.components));
    } else if (p.components == 1) {
      CopyRow<1>(p, from, to, columns);
    } else {
      CopyRow<3>(p, from, to, columns);
    }
  }
}

// Written so that it needs no more than the high half of a product of 16 bits.
int Mix(int a, int b, int16_t part) {
  constexpr int kShift = 16 - kPaintFraction;
  return a + ((int{static_cast<int16_t>((b - a) << kShift)} * part) >> 16);
}

int16_t Part(int position) { return static_cast<int16_t>(position & kMask); }

// The columns of a mixed image: which two pixels of a row each is between, and where.
struct MixColumns {
  Inside inside;
  bool exact = true;  // every column is one pixel of the image, and they follow one another
  int first = 0;

  explicit MixColumns(const Painting& p)
      : inside(p.u, p.right_u, p.width, int64_t{p.image_width} << kPaintFraction) {
    if (inside.begin >= inside.end) return;
    const int u = p.u - kHalf + p.right_u * inside.begin;
    first = u >> kPaintFraction;
    exact = (u & kMask) == 0 && p.right_u == kOne;
  }
};

template <int kComponents>
const uint8_t* MixRow(const Painting& p, const MixColumns& columns, int row, uint8_t* buffer) {
  row = std::clamp(row, 0, p.image_height - 1);
  const uint8_t* from = p.image + row * p.image_stride;
  if (columns.exact) return from + ptrdiff_t{columns.first} * kComponents;
  uint8_t* to = buffer;
  int u = p.u - kHalf + p.right_u * columns.inside.begin;
  const int last = p.image_width - 1;
  for (int x = columns.inside.begin; x < columns.inside.end; ++x, u += p.right_u) {
    const int pixel = u >> kPaintFraction;
    const uint8_t* a = from + ptrdiff_t{std::clamp(pixel, 0, last)} * kComponents;
    const uint8_t* b = from + ptrdiff_t{std::clamp(pixel + 1, 0, last)} * kComponents;
    for (int c = 0; c < kComponents; ++c) {
      *to++ = static_cast<uint8_t>(Mix(a[c], b[c], Part(u)));
    }
  }
  return buffer;
}

template <int kComponents>
void MixImage(const Painting& p, uint8_t* workspace) {
  const MixColumns columns(p);
  const Inside rows(p.v, p.down_v, p.height, int64_t{p.image_height} << kPaintFraction);
  const ptrdiff_t begin = ptrdiff_t{columns.inside.begin} * kComponents;
  const ptrdiff_t bytes = ptrdiff_t{columns.inside.end} * kComponents - begin;
  if (bytes <= 0) return;
  // Rows of the image, mixed along x: the last two that were needed.
  uint8_t* const buffers[2] = {workspace, workspace + bytes};
  const uint8_t* mixed[2] = {nullptr, nullptr};
  int held[2] = {0, 0};
  const auto row_at = [&](int row) {
    const int slot = row & 1;
    if (mixed[slot] == nullptr || held[slot] != row) {
      mixed[slot] = MixRow<kComponents>(p, columns, row, buffers[slot]);
      held[slot] = row;
    }
    return mixed[slot];
  };
  for (int y = rows.begin; y < rows.end; ++y) {
    const int v = p.v - kHalf + p.down_v * y;
    const int16_t part = Part(v);
    const uint8_t* a = row_at(v >> kPaintFraction);
    uint8_t* to = p.to + y * p.to_stride + begin;
    if (part == 0) {
      std::memcpy(to, a, static_cast<size_t>(bytes));
      continue;
    }
    const uint8_t* b = row_at((v >> kPaintFraction) + 1);
    for (ptrdiff_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(Mix(a[i], b[i], part));
  }
}

}  // namespace

void PaintNearest(const Painting& painting) {
  if (painting.right_v == 0 && painting.down_u == 0) {
    PaintUpright(painting);
  } else {
    PaintTurned(painting);
  }
}

bool PaintMask(const Painting& p, const uint8_t* color, uint8_t opacity) {
  if (p.right_v != 0 || p.down_u != 0) return false;
  const Inside rows(p.v, p.down_v, p.height, int64_t{p.image_height} << kPaintFraction);
  const Inside columns(p.u, p.right_u, p.width, int64_t{p.image_width} << kPaintFraction);
  const int count = columns.end - columns.begin;
  if (count <= 0) return true;
  const int first = (p.u + p.right_u * columns.begin) >> kPaintFraction;
  const int last = (p.u + p.right_u * (columns.end - 1)) >> kPaintFraction;
  if (last - first != count - 1) return false;
  for (int y = rows.begin; y < rows.end; ++y) {
    const uint8_t* mask =
        p.image + ((p.v + p.down_v * y) >> kPaintFraction) * p.image_stride + first;
    uint8_t* to = p.to + y * p.to_stride + ptrdiff_t{columns.begin} * p.components;
    if (p.components == 1) {
      MaskRow<1>(mask, count, color, opacity, to);
    } else {
      MaskRow<3>(mask, count, color, opacity, to);
    }
  }
  return true;
}

size_t MixWorkspaceBytes(const Painting& painting) {
  return 2 * static_cast<size_t>(painting.width) * static_cast<size_t>(painting.components);
}

void PaintMixed(const Painting& painting, void* workspace) {
  auto* const work = static_cast<uint8_t*>(workspace);
  if (painting.components == 1) {
    MixImage<1>(painting, work);
  } else {
    MixImage<3>(painting, work);
  }
}

}  // namespace cbzfs
