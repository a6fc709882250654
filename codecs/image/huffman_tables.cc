#include "codecs/image/huffman_tables.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace cbzfs {
namespace {

constexpr uint32_t kMaxLength = 16;
// Of a symbol that the sample has: so many times two to the power of the bits that its code is
// shorter than the longest. One that it does not have weighs 1.
constexpr uint64_t kSeen = 8;

// The length of every symbol's code in a DHT table; 0: it has none.
using Lengths = std::array<uint8_t, 256>;

// DC differences have up to 11 bits in baseline coding.
bool IsDcSymbol(uint32_t symbol) { return symbol <= 11; }
// A run of zeros, then up to 10 bits; or the end of the block, or sixteen zeros.
bool IsAcSymbol(uint32_t symbol) {
  const uint32_t bits = symbol & 15;
  return (bits >= 1 && bits <= 10) || symbol == 0x00 || symbol == 0xf0;
}

HuffmanTable MakeTable(const Lengths& seen, bool (*known)(uint32_t)) {
  std::vector<uint8_t> symbols;
  std::vector<uint64_t> weights;
  for (uint32_t symbol = 0; symbol < 256; ++symbol) {
    if (!known(symbol)) continue;
    symbols.push_back(static_cast<uint8_t>(symbol));
    weights.push_back(seen[symbol] == 0 ? 1 : kSeen << (kMaxLength - seen[symbol]));
  }
  std::vector<uint8_t> lengths(symbols.size());
  CodeLengths(weights, lengths);
  HuffmanTable table;
  size_t next = 0;
  for (uint32_t length = 1; length <= kMaxLength; ++length) {
    for (size_t i = 0; i < symbols.size(); ++i) {
      if (lengths[i] != length) continue;
      ++table.count[length];
      table.symbols[next++] = symbols[i];
    }
  }
  return table;
}

uint8_t ByteAt(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// The tables of one DHT segment. False when they end early or say what no table says.
bool TakeSegment(std::string_view segment, HuffmanTables* tables) {
  while (!segment.empty()) {
    const uint32_t selector = ByteAt(segment, 0);
    if (segment.size() < 17 || (selector & 0xee) != 0) return false;
    Lengths lengths = {};
    size_t at = 17;
    for (uint32_t length = 1; length <= kMaxLength; ++length) {
      for (uint32_t codes = ByteAt(segment, length); codes > 0; --codes) {
        if (at == segment.size()) return false;
        lengths[ByteAt(segment, at++)] = static_cast<uint8_t>(length);
      }
    }
    const uint32_t number = selector & 1;
    if ((selector & 0x10) != 0) {
      tables->ac[number] = MakeTable(lengths, IsAcSymbol);
    } else {
      tables->dc[number] = MakeTable(lengths, IsDcSymbol);
    }
    segment.remove_prefix(at);
  }
  return true;
}

}  // namespace

std::optional<HuffmanTables> TablesForWhole(std::string_view payload) {
  HuffmanTables tables;
  bool found = false;
  while (payload.size() >= 4 && ByteAt(payload, 0) == 0xff) {
    const uint32_t marker = ByteAt(payload, 1);
    const size_t length = ByteAt(payload, 2) * size_t{256} + ByteAt(payload, 3);
    if (length < 2 || payload.size() < 2 + length) return std::nullopt;
    if (marker == 0xda) return found ? std::optional(tables) : std::nullopt;  // SOS
    if (marker == 0xc4) {
      if (!TakeSegment(payload.substr(4, length - 2), &tables)) return std::nullopt;
      found = true;
    }
    payload.remove_prefix(2 + length);
  }
  return std::nullopt;
}

void CodeLengths(std::span<const uint64_t> weights, std::span<uint8_t> lengths) {
  // The symbols from the lightest on. Before them the code of ones only, lighter than any: it gets
  // the longest code, and the last one of that length.
  std::vector<uint32_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return weights[a] < weights[b]; });
  const size_t leaves = weights.size() + 1;
  const auto leaf = [&](size_t i) { return i == 0 ? 0 : weights[order[i - 1]]; };

  // A level's items are all symbols and the pairs of the level below, from the lightest on. All
  // that the solution asks of an item is whether it is a pair.
  std::vector<uint64_t> items;
  std::array<std::vector<bool>, kMaxLength> is_pair;
  for (std::vector<bool>& level : is_pair) {
    std::vector<uint64_t> pairs;
    for (size_t i = 0; i + 1 < items.size(); i += 2) pairs.push_back(items[i] + items[i + 1]);
    items.clear();
    for (size_t symbol = 0, pair = 0; symbol < leaves || pair < pairs.size();) {
      const bool take_pair =
          symbol == leaves || (pair < pairs.size() && pairs[pair] < leaf(symbol));
      items.push_back(take_pair ? pairs[pair++] : leaf(symbol++));
      level.push_back(take_pair);
    }
  }

  // Of the top level the lightest 2n - 2 items are taken, of each below what their pairs hold. A
  // symbol's code is as long as the number of levels in which it was taken.
  std::fill(lengths.begin(), lengths.end(), 0);
  size_t taken = 2 * leaves - 2;
  for (size_t level = kMaxLength; level-- > 0;) {
    const auto end = is_pair[level].begin() + static_cast<std::ptrdiff_t>(taken);
    const size_t of_pairs = static_cast<size_t>(std::count(is_pair[level].begin(), end, true));
    for (size_t i = 1; i < taken - of_pairs; ++i) ++lengths[order[i - 1]];
    taken = 2 * of_pairs;
  }
}

}  // namespace cbzfs
