#include "codecs/pdf/pixel_span.h"

#include <emmintrin.h>

#include <cstddef>
#include <cstring>

namespace cbzfs {
namespace {

// Masks are mostly all or nothing; so many of their bytes are looked at together.
constexpr int kStep = 8;

uint64_t EightOf(const uint8_t* bytes) {
  uint64_t eight;
  std::memcpy(&eight, bytes, sizeof eight);
  return eight;
}

// 255 counts as the whole.
int Whole(int mask) { return mask + (mask >> 7); }

uint8_t Blend(int color, int at, int part) {
  return static_cast<uint8_t>(((color - at) * part + (at << 8)) >> 8);
}

// Eight bytes, each in two. Sums are modulo 2^16, which is all they need.
__m128i BlendEight(__m128i color, __m128i at, __m128i mask) {
  const __m128i part = _mm_add_epi16(mask, _mm_srli_epi16(mask, 7));
  const __m128i change = _mm_mullo_epi16(_mm_sub_epi16(color, at), part);
  return _mm_srli_epi16(_mm_add_epi16(change, _mm_slli_epi16(at, 8)), 8);
}

}  // namespace

void PaintGraySpan(uint8_t* to, const uint8_t* mask, int count, const uint8_t* color) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i gray = _mm_set1_epi16(color[0]);
  for (; count >= kStep; count -= kStep, to += kStep, mask += kStep) {
    if (EightOf(mask) == 0) continue;
    const __m128i at = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(to));
    const __m128i parts = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(mask));
    const __m128i made =
        BlendEight(gray, _mm_unpacklo_epi8(at, zero), _mm_unpacklo_epi8(parts, zero));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(made, made));
  }
  for (int i = 0; i < count; ++i) to[i] = Blend(color[0], to[i], Whole(mask[i]));
}

void PaintRgbSpan(uint8_t* to, const uint8_t* mask, int count, const uint8_t* color) {
  uint8_t plain[3 * kStep] = {};
  for (int i = 0; i < kStep; ++i) std::memcpy(plain + ptrdiff_t{3} * i, color, 3);
  const auto blend = [&](int pixels) {
    for (int i = 0; i < pixels; ++i) {
      const int part = Whole(mask[i]);
      for (int c = 0; c < 3; ++c) to[3 * i + c] = Blend(color[c], to[3 * i + c], part);
    }
  };
  for (; count >= kStep; count -= kStep, to += ptrdiff_t{3} * kStep, mask += kStep) {
    const uint64_t eight = EightOf(mask);
    if (eight == 0) continue;
    if (eight == ~uint64_t{0}) {
      std::memcpy(to, plain, sizeof plain);
    } else {
      blend(kStep);
    }
  }
  blend(count);
}

}  // namespace cbzfs
