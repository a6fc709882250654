#include "codecs/pdf/pixel_scale.h"

#include <emmintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cbzfs {
namespace {

constexpr size_t kLanes = 16;   // bytes of a vector, and rows that are scaled together
constexpr size_t kVectors = 4;  // summed side by side along y

constexpr size_t RoundUp(size_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// The weights of an axis: output i is the sum of weights[i * stride + k] times pixel first[i] + k,
// k below `used`. Sums are taken modulo 2^16, of which only the high byte is kept: that is exact,
// whatever the signs.
struct Weights {
  int32_t* first;
  uint16_t* weights;
  size_t stride;
  int used;
};

size_t WeightBytes(const ScaleAxis& axis) {
  const size_t count = static_cast<size_t>(axis.count());
  return RoundUp(count * sizeof(int32_t)) +
         RoundUp(count * static_cast<size_t>(axis.taps()) * sizeof(uint16_t));
}

float Kernel(float d) { return d >= 1 ? 0 : 1 + (2 * d - 3) * d * d; }

// The weights of pixel `j`, before rounding has been made good. How many there are; -1 when they do
// not fit.
int FillPixel(const ScaleAxis& axis, int j, int taps, int32_t* first, uint16_t* weights) {
  const auto source = static_cast<float>(axis.source);
  const auto length = static_cast<float>(axis.length);
  const float middle = static_cast<float>(j) + 0.5f;
  const bool down = length < source;
  const float share = down ? length / source : 1;
  const float squeeze = down ? 1 : source / length;
  const float window = 1 / share;
  const float centre = middle * source / length - 0.5f;
  const int last = static_cast<int>(std::floor(centre + window));
  int count = 0;
  for (int i = static_cast<int>(std::ceil(centre - window)); i <= last; ++i) {
    if (i < 0 || i >= axis.source) continue;
    const float distance = middle - ((static_cast<float>(i) + 0.5f) * length / source);
    const float part = Kernel(std::fabs(distance * squeeze)) * share;
    // NOLINTNEXTLINE(bugprone-incorrect-roundings): MuPDF's rounding, and the same bytes
    int weight = static_cast<int>(256 * part + 0.5f);
    // Of a great many pixels each counts next to nothing; one of them has to count.
    if (weight == 0 && count == 0 && part > 0) weight = 1;
    if (weight == 0) continue;
    if (count == 0) *first = i;
    if (i - *first >= taps) return -1;
    while (count < i - *first) weights[count++] = 0;
    weights[count++] = static_cast<uint16_t>(weight);
  }
  return count;
}

// Weights add up to one; the rounding's error goes to the first of the largest.
void MakeGood(int count, uint16_t* weights) {
  int sum = 0;
  int largest = 0;
  for (int k = 0; k < count; ++k) {
    sum += weights[k];
    if (weights[k] > weights[largest]) largest = k;
  }
  weights[largest] = static_cast<uint16_t>(weights[largest] + 256 - sum);
}

// Every pixel's weights begin where all `used` of them are inside the image.
void Align(const ScaleAxis& axis, Weights* to) {
  for (int i = 0; i < axis.count(); ++i) {
    uint16_t* weights = to->weights + static_cast<size_t>(i) * to->stride;
    const int beyond = to->first[i] + to->used - axis.source;
    if (beyond <= 0) continue;
    std::memmove(weights + beyond, weights,
                 static_cast<size_t>(to->used - beyond) * sizeof *weights);
    std::fill(weights, weights + beyond, uint16_t{0});
    to->first[i] -= beyond;
  }
}

// `mirrored`: from the last pixel to the first.
bool Fill(const ScaleAxis& axis, bool mirrored, Weights* to) {
  const int taps = axis.taps();
  to->used = 0;
  for (int i = 0; i < axis.count(); ++i) {
    uint16_t* weights = to->weights + static_cast<size_t>(i) * to->stride;
    std::fill(weights, weights + taps, uint16_t{0});
    const int j = mirrored ? axis.length - 1 - axis.begin - i : axis.begin + i;
    const int count = FillPixel(axis, j, taps, &to->first[i], weights);
    if (count <= 0) return false;
    MakeGood(count, weights);
    to->used = std::max(to->used, count);
  }
  Align(axis, to);
  return true;
}

// 16 x 16 bytes, rows to columns: four times each row is interleaved with the one eight further on.
void Transpose(__m128i (&rows)[kLanes]) {
  __m128i other[kLanes];
  for (int round = 0; round < 4; ++round) {
    for (size_t i = 0; i < kLanes / 2; ++i) {
      other[2 * i] = _mm_unpacklo_epi8(rows[i], rows[i + kLanes / 2]);
      other[2 * i + 1] = _mm_unpackhi_epi8(rows[i], rows[i + kLanes / 2]);
    }
    std::memcpy(rows, other, sizeof rows);
  }
}

// Sixteen sums of products, modulo 2^16.
class Sum {
 public:
  void Add(const uint8_t* pixels, __m128i weight) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels));
    const __m128i zero = _mm_setzero_si128();
    low_ = _mm_add_epi16(low_, _mm_mullo_epi16(_mm_unpacklo_epi8(bytes, zero), weight));
    high_ = _mm_add_epi16(high_, _mm_mullo_epi16(_mm_unpackhi_epi8(bytes, zero), weight));
  }
  __m128i Bytes() const {
    return _mm_packus_epi16(_mm_srli_epi16(low_, 8), _mm_srli_epi16(high_, 8));
  }

 private:
  __m128i low_ = _mm_set1_epi16(128);
  __m128i high_ = _mm_set1_epi16(128);
};

__m128i Spread(uint16_t weight) { return _mm_set1_epi16(static_cast<int16_t>(weight)); }

// Sixteen rows of the image, scaled along x into rows that are `to_stride` apart.
class RowScaler {
 public:
  RowScaler(const ScaleAxis& axis, int components, const Weights& weights, uint8_t* columns)
      : axis_(axis),
        components_(static_cast<size_t>(components)),
        weights_(weights),
        columns_(columns) {}

  void Scale(const uint8_t* const (&rows)[kLanes], uint8_t* to, size_t to_stride) {
    Load(rows);
    const size_t bytes = static_cast<size_t>(axis_.count()) * components_;
    size_t pixel = 0;
    size_t component = 0;
    for (size_t at = 0; at < bytes; at += kLanes) {
      __m128i tile[kLanes];
      const size_t here = std::min(kLanes, bytes - at);
      for (size_t i = 0; i < here; ++i) {
        tile[i] = Column(pixel, component);
        if (++component == components_) {
          component = 0;
          ++pixel;
        }
      }
      std::fill(tile + here, tile + kLanes, _mm_setzero_si128());
      Transpose(tile);
      for (size_t i = 0; i < kLanes; ++i) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i * to_stride + at), tile[i]);
      }
    }
  }

 private:
  void Load(const uint8_t* const (&rows)[kLanes]) {
    const size_t bytes = static_cast<size_t>(axis_.source) * components_;
    for (size_t at = 0; at < bytes; at += kLanes) {
      __m128i tile[kLanes];
      const size_t here = std::min(kLanes, bytes - at);
      for (size_t i = 0; i < kLanes; ++i) {
        if (here == kLanes) {
          tile[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[i] + at));
        } else {
          tile[i] = _mm_setzero_si128();
          std::memcpy(&tile[i], rows[i] + at, here);
        }
      }
      Transpose(tile);
      std::memcpy(columns_ + at * kLanes, tile, sizeof tile);
    }
  }

  // A component of a pixel in the sixteen scaled rows.
  __m128i Column(size_t pixel, size_t component) const {
    const uint16_t* weight = weights_.weights + pixel * weights_.stride;
    const uint8_t* column =
        columns_ + (static_cast<size_t>(weights_.first[pixel]) * components_ + component) * kLanes;
    Sum sum;
    for (int k = 0; k < weights_.used; ++k) {
      sum.Add(column, Spread(weight[k]));
      column += components_ * kLanes;
    }
    return sum.Bytes();
  }

  const ScaleAxis& axis_;
  const size_t components_;
  const Weights& weights_;
  uint8_t* const columns_;
};

// The workspace, in the order of its parts.
struct Layout {
  size_t y_weights;
  size_t columns;  // sixteen rows of the image, byte by byte
  size_t rows;     // a ring of rows that are scaled along x
  size_t end;
  size_t row_bytes;
  size_t ring;  // rows

  Layout(const ScaleAxis& x, const ScaleAxis& y, int components) {
    const auto n = static_cast<size_t>(components);
    constexpr size_t kStep = kVectors * kLanes;
    row_bytes = (static_cast<size_t>(x.count()) * n + kStep - 1) / kStep * kStep;
    ring = RoundUp(static_cast<size_t>(y.taps())) + kLanes;
    y_weights = WeightBytes(x);
    columns = y_weights + WeightBytes(y);
    rows = columns + RoundUp(static_cast<size_t>(x.source) * n) * kLanes;
    end = rows + ring * row_bytes;
  }
};

Weights WeightsAt(uint8_t* at, const ScaleAxis& axis) {
  const size_t firsts = RoundUp(static_cast<size_t>(axis.count()) * sizeof(int32_t));
  return {reinterpret_cast<int32_t*>(at), reinterpret_cast<uint16_t*>(at + firsts),
          static_cast<size_t>(axis.taps()), 0};
}

}  // namespace

int ScaleAxis::taps() const {
  if (source <= length) return 2;
  return std::min(source, static_cast<int>(std::ceil(static_cast<float>(2 * source) /
                                                     static_cast<float>(length))));
}

size_t ScaleWorkspaceBytes(const ScaleAxis& x, const ScaleAxis& y, int components) {
  return Layout(x, y, components).end;
}

bool ScalePixels(const uint8_t* source, int components, const ScaleAxis& x, const ScaleAxis& y,
                 void* workspace, uint8_t* to) {
  const Layout layout(x, y, components);
  auto* const work = static_cast<uint8_t*>(workspace);
  Weights across = WeightsAt(work, x);
  Weights down = WeightsAt(work + layout.y_weights, y);
  // Along y rows are read in the opposite order instead, as MuPDF does.
  if (!Fill(x, x.flip, &across) || !Fill(y, false, &down)) return false;
  RowScaler scaler(x, components, across, work + layout.columns);
  uint8_t* const ring = work + layout.rows;
  const size_t source_bytes = static_cast<size_t>(x.source) * static_cast<size_t>(components);
  const size_t bytes = static_cast<size_t>(x.count()) * static_cast<size_t>(components);
  int done = down.first[0];  // the rows of the image up to here are scaled along x
  const int begun = done;
  const auto slot = [&](int row) {
    return ring + static_cast<size_t>(row - begun) % layout.ring * layout.row_bytes;
  };
  for (int j = 0; j < y.count(); ++j) {
    const int first = down.first[j];
    for (; done < first + down.used; done += kLanes) {
      const uint8_t* rows[kLanes];
      for (int i = 0; i < static_cast<int>(kLanes); ++i) {
        const int row = std::min(done + i, y.source - 1);
        rows[i] = source + static_cast<size_t>(y.flip ? y.source - 1 - row : row) * source_bytes;
      }
      scaler.Scale(rows, slot(done), layout.row_bytes);
    }
    const uint16_t* weights = down.weights + static_cast<size_t>(j) * down.stride;
    for (size_t at = 0; at < bytes; at += kVectors * kLanes) {
      Sum sums[kVectors];
      for (int k = 0; k < down.used; ++k) {
        const uint8_t* const row = slot(first + k) + at;
        const __m128i weight = Spread(weights[k]);
        for (size_t v = 0; v < kVectors; ++v) sums[v].Add(row + v * kLanes, weight);
      }
      __m128i made[kVectors];
      for (size_t v = 0; v < kVectors; ++v) made[v] = sums[v].Bytes();
      std::memcpy(to + at, made, std::min(sizeof made, bytes - at));
    }
    to += bytes;
  }
  return true;
}

}  // namespace cbzfs
