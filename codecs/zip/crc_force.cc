#include "codecs/zip/crc_force.h"

#include <isa-l.h>

namespace cbzfs {
namespace {

// Polynomials are written reflected, as in CRC-32: the most significant bit is the coefficient of
// x^0, the least significant one that of x^31.
constexpr uint32_t kPolynomial = 0xEDB88320;
constexpr uint32_t kOne = 0x80000000;
constexpr uint64_t kOrder = 0xFFFFFFFF;  // x^kOrder = 1

constexpr uint32_t TimesX(uint32_t a) { return a >> 1 ^ (a & 1 ? kPolynomial : 0); }

constexpr uint32_t Multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (; a != 0; a <<= 1) {
    if (a & kOne) product ^= b;
    b = TimesX(b);
  }
  return product;
}

// x^(2^k)
constexpr std::array<uint32_t, 32> kSquares = [] {
  std::array<uint32_t, 32> squares{};
  squares[0] = TimesX(kOne);
  for (size_t k = 1; k < squares.size(); ++k) {
    squares[k] = Multiply(squares[k - 1], squares[k - 1]);
  }
  return squares;
}();
static_assert(Multiply(kSquares[31], kSquares[31]) == kSquares[0], "x must have order 2^32 - 1");

// x^exponent for an exponent below 2^32.
uint32_t PowerOfX(uint64_t exponent) {
  uint32_t power = kOne;
  for (size_t k = 0; k < kSquares.size(); ++k) {
    if (exponent >> k & 1) power = Multiply(kSquares[k], power);
  }
  return power;
}

uint64_t BitsModOrder(uint64_t bytes) { return bytes % kOrder * 8 % kOrder; }

uint32_t Shift(uint32_t a, uint64_t bytes) { return Multiply(PowerOfX(BitsModOrder(bytes)), a); }

uint32_t Unshift(uint32_t a, uint64_t bytes) {
  return Multiply(PowerOfX(kOrder - BitsModOrder(bytes)), a);
}

}  // namespace

uint32_t ExtendCrc(uint32_t crc, std::string_view bytes) {
  // All that is read of an original page comes through here. ISA-L takes 45 GB/s where libdeflate
  // 1.14 takes 12, which was a tenth of what the daemon did while a book was read.
  return crc32_gzip_refl(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

uint32_t ExtendCrcByZeros(uint32_t crc, uint64_t count) { return ~Shift(~crc, count); }

uint32_t CombineCrc(uint32_t crc_a, uint32_t crc_b, uint64_t bytes_b) {
  return Shift(crc_a, bytes_b) ^ crc_b;
}

uint32_t RemoveCrcSuffix(uint32_t crc_ab, uint32_t crc_b, uint64_t bytes_b) {
  return Unshift(crc_ab ^ crc_b, bytes_b);
}

std::array<char, 4> CrcPatch(uint32_t prefix_crc, uint32_t desired, uint32_t suffix_crc,
                             uint64_t suffix_bytes) {
  const uint32_t wanted = RemoveCrcSuffix(desired, suffix_crc, suffix_bytes);
  // Four bytes are as long as the register: they are added to it, and the sum is shifted by them.
  const uint32_t patch = Unshift(~wanted, 4) ^ ~prefix_crc;
  std::array<char, 4> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(patch >> (8 * i));
  return bytes;
}

}  // namespace cbzfs
