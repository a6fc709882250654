// Arithmetic of CRC-32 (ISO 3309, as ZIP uses it), enough to choose four bytes that give a run of
// bytes any CRC one likes.
//
// A CRC is a remainder in GF(2)[x] modulo a primitive polynomial of degree 32, so appending n zero
// bytes multiplies it by x^(8n), and x has the order 2^32 - 1: the way back is a power too. Every
// function costs O(log n) multiplications of 32 steps, about a microsecond.
//
// Every CRC below is the finished value, as crc32() of zlib gives it (0 for no
// bytes). Pure functions: any thread.

#ifndef CBZFS_CODECS_ZIP_CRC_FORCE_H_
#define CBZFS_CODECS_ZIP_CRC_FORCE_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace cbzfs {

// The CRC of what has the CRC `crc`, followed by `bytes`.
uint32_t ExtendCrc(uint32_t crc, std::string_view bytes);

// The same, followed by `count` zero bytes.
uint32_t ExtendCrcByZeros(uint32_t crc, uint64_t count);

// The CRC of A followed by B, from the CRCs of both and the length of B.
uint32_t CombineCrc(uint32_t crc_a, uint32_t crc_b, uint64_t bytes_b);

// The CRC of A from that of A followed by B: undoes CombineCrc.
uint32_t RemoveCrcSuffix(uint32_t crc_ab, uint32_t crc_b, uint64_t bytes_b);

// The four bytes that must stand between a prefix and a suffix for the whole to have the CRC
// `desired`. There is exactly one such patch for any arguments.
std::array<char, 4> CrcPatch(uint32_t prefix_crc, uint32_t desired, uint32_t suffix_crc,
                             uint64_t suffix_bytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_CRC_FORCE_H_
