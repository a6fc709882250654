#include "codecs/image/byte_lookup.h"

#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cbzfs {

ByteLookup::ByteLookup() {
  ByteTable identity;
  for (size_t i = 0; i < 256; ++i) identity[i] = static_cast<uint8_t>(i);
  for (uint32_t c = 0; c < 3; ++c) Set(c, identity);
}

void ByteLookup::Set(uint32_t channel, const ByteTable& table) {
  bytes_[channel] = table;
  for (size_t i = 0; i < 256; ++i) shifted_[channel][i] = uint32_t{table[i]} << (8 * channel);
}

void ByteLookup::Apply(const uint8_t* in, uint8_t* out, uint32_t width, uint32_t components) const {
  static const bool vectors = HasVectors();
  if (vectors) return ApplyVectors(in, out, width, components);
  ApplyPlain(in, out, width, components);
}

void ByteLookup::ApplyPlain(const uint8_t* in, uint8_t* out, uint32_t width,
                            uint32_t components) const {
  if (components == 1) {
    for (uint32_t x = 0; x < width; ++x) out[x] = bytes_[0][in[x]];
    return;
  }
  const auto& [red, green, blue] = shifted_;
  uint32_t x = 0;
  for (; x + 4 <= width; x += 4, in += 12, out += 12) {
    const uint64_t p0 = red[in[0]] | green[in[1]] | blue[in[2]];
    const uint64_t p1 = red[in[3]] | green[in[4]] | blue[in[5]];
    const uint64_t p2 = red[in[6]] | green[in[7]] | blue[in[8]];
    const uint64_t p3 = red[in[9]] | green[in[10]] | blue[in[11]];
    const uint64_t first = p0 | p1 << 24 | p2 << 48;
    const uint32_t last = static_cast<uint32_t>(p2 >> 16 | p3 << 8);
    std::memcpy(out, &first, 8);
    std::memcpy(out + 8, &last, 4);
  }
  for (; x < width; ++x, in += 3, out += 3) {
    const uint32_t pixel = red[in[0]] | green[in[1]] | blue[in[2]];
    for (size_t c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(pixel >> (8 * c));
  }
}

#if defined(__x86_64__)

#define CBZFS_VBMI __attribute__((target("avx512f,avx512bw,avx512vbmi")))

namespace {

// A table in four registers.
struct Registers {
  __m512i part[4];
};

CBZFS_VBMI inline Registers Load(const ByteTable& table) {
  Registers registers;
  for (size_t i = 0; i < 4; ++i) {
    registers.part[i] = _mm512_loadu_si512(table.data() + 64 * i);
  }
  return registers;
}

// The instruction looks up 7 bits in two registers; the eighth chooses between two results.
CBZFS_VBMI inline __m512i Look(const Registers& table, __m512i index) {
  const __m512i low = _mm512_permutex2var_epi8(table.part[0], index, table.part[1]);
  const __m512i high = _mm512_permutex2var_epi8(table.part[2], index, table.part[3]);
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
}

CBZFS_VBMI void LookUpGray(const Registers& table, const uint8_t* in, uint8_t* out, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 64) {
    const size_t left = bytes - at;
    const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __m512i pixels = _mm512_maskz_loadu_epi8(mask, in + at);
    _mm512_mask_storeu_epi8(out + at, mask, Look(table, pixels));
  }
}

CBZFS_VBMI void LookUpColor(const Registers& red, const Registers& green, const Registers& blue,
                            const uint8_t* in, uint8_t* out, size_t bytes) {
  // Every third bit. 64 bytes further on the channels stand one further to the left.
  constexpr __mmask64 kThird = 0x9249'2492'4924'9249;
  uint32_t first = 0;  // the channel of the first byte
  for (size_t at = 0; at < bytes; at += 64) {
    const size_t left = bytes - at;
    const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __mmask64 greens = first == 0 ? kThird << 1 : first == 1 ? kThird : kThird << 2;
    const __mmask64 blues = first == 0 ? kThird << 2 : first == 1 ? kThird << 1 : kThird;
    const __m512i pixels = _mm512_maskz_loadu_epi8(mask, in + at);
    __m512i result = Look(red, pixels);
    result = _mm512_mask_blend_epi8(greens, result, Look(green, pixels));
    result = _mm512_mask_blend_epi8(blues, result, Look(blue, pixels));
    _mm512_mask_storeu_epi8(out + at, mask, result);
    first = (first + 1) % 3;  // 64 is one more than a multiple of three
  }
}

}  // namespace

bool ByteLookup::HasVectors() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi");
}

CBZFS_VBMI void ByteLookup::ApplyVectors(const uint8_t* in, uint8_t* out, uint32_t width,
                                         uint32_t components) const {
  const Registers red = Load(bytes_[0]);
  if (components == 1) return LookUpGray(red, in, out, width);
  LookUpColor(red, Load(bytes_[1]), Load(bytes_[2]), in, out, size_t{width} * 3);
}

#else

bool ByteLookup::HasVectors() { return false; }

void ByteLookup::ApplyVectors(const uint8_t* in, uint8_t* out, uint32_t width,
                              uint32_t components) const {
  ApplyPlain(in, out, width, components);
}

#endif

}  // namespace cbzfs
