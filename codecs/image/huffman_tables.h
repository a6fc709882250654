// Huffman tables for a whole picture from those of a sample of it.
//
// libjpeg's optimised tables take two passes: all coefficients are kept and counted before the
// first byte is written, which is a quarter of a page's encode and four bytes a pixel of memory.
// A sample's tables do nearly as well for the whole picture, in one pass, once every symbol that
// baseline coding knows has a code: the picture may hold what the sample does not. Figures in
// jpeg_fit.h.
//
// Pure functions; any thread.

#ifndef CBZFS_CODECS_IMAGE_HUFFMAN_TABLES_H_
#define CBZFS_CODECS_IMAGE_HUFFMAN_TABLES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cbzfs {

// As in a DHT segment (ITU-T T.81, B.2.4.2): how many codes there are of each length, and their
// symbols from the shortest code to the longest.
struct HuffmanTable {
  std::array<uint8_t, 17> count = {};  // [0] is unused
  std::array<uint8_t, 256> symbols = {};
};

// By the table's number: 0 luma (or gray), 1 chroma.
struct HuffmanTables {
  std::array<HuffmanTable, 2> dc;
  std::array<HuffmanTable, 2> ac;
};

// Tables with a code for each of the 12 DC and 162 AC symbols of baseline coding, shortest for
// those that have short codes in `payload` (codecs/document/document.h), the optimised encode of a
// sample. A table that the sample does not have stays empty. None where `payload` is not one of
// libjpeg's.
std::optional<HuffmanTables> TablesForWhole(std::string_view payload);

// The lengths, at most 16 bits, of the prefix code for symbols of these weights (each over 0, at
// most 2^32, 2 to 256 of them) that is the shortest in all, and has room for one code more: that of
// ones only, which JPEG does not allow. By package-merge (Larmore and Hirschberg, 1990).
void CodeLengths(std::span<const uint64_t> weights, std::span<uint8_t> lengths);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_HUFFMAN_TABLES_H_
