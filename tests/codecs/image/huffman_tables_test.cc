#include "codecs/image/huffman_tables.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "codecs/image/jpeg_encode.h"
#include "codecs/image/kept_rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/image/fake_rows.h"

namespace cbzfs {
namespace {

std::vector<uint8_t> Lengths(const std::vector<uint64_t>& weights) {
  std::vector<uint8_t> lengths(weights.size());
  CodeLengths(weights, lengths);
  return lengths;
}

// In units of the longest code: all of them are `1 << 16`.
uint64_t Room(const std::vector<uint8_t>& lengths) {
  uint64_t taken = 0;
  for (const uint8_t length : lengths) taken += uint64_t{1} << (16 - length);
  return taken;
}

uint64_t Cost(const std::vector<uint64_t>& weights, const std::vector<uint8_t>& lengths) {
  return std::inner_product(weights.begin(), weights.end(), lengths.begin(), uint64_t{0});
}

// Without a limit of length, by Huffman's own way, the symbol of weight 0 included.
uint64_t HuffmanCost(const std::vector<uint64_t>& weights) {
  std::multiset<uint64_t> nodes(weights.begin(), weights.end());
  nodes.insert(0);
  uint64_t cost = 0;
  while (nodes.size() > 1) {
    const uint64_t sum = *nodes.begin() + *std::next(nodes.begin());
    nodes.erase(nodes.begin(), std::next(nodes.begin(), 2));
    nodes.insert(sum);
    cost += sum;
  }
  return cost;
}

TEST(CodeLengths, AreTheBestWhereTheLimitDoesNotCount) {
  std::mt19937 random(7);
  for (const size_t symbols : {2u, 3u, 12u, 100u, 256u}) {
    std::vector<uint64_t> weights(symbols);
    for (uint64_t& weight : weights) weight = 1 + random() % 1000;
    const std::vector<uint8_t> lengths = Lengths(weights);
    EXPECT_EQ(Cost(weights, lengths), HuffmanCost(weights)) << symbols;
    // The code of ones only stays free, and nothing else.
    const uint8_t longest = *std::max_element(lengths.begin(), lengths.end());
    EXPECT_EQ(Room(lengths), (1u << 16) - (1u << (16 - longest))) << symbols;
  }
}

TEST(CodeLengths, NoneIsLongerThanSixteenBits) {
  // Weights as of Fibonacci make Huffman's own code one bit longer a symbol.
  std::vector<uint64_t> weights = {1, 1};
  while (weights.size() < 40) {
    const size_t n = weights.size();
    weights.push_back(weights[n - 1] + weights[n - 2]);
  }
  const std::vector<uint8_t> lengths = Lengths(weights);
  EXPECT_EQ(*std::max_element(lengths.begin(), lengths.end()), 16);
  EXPECT_LE(lengths.back(), 2);
  EXPECT_LT(Room(lengths), 1u << 16);
  EXPECT_TRUE(std::is_sorted(lengths.rbegin(), lengths.rend()));
}

int Symbols(const HuffmanTable& table) {
  return std::accumulate(table.count.begin(), table.count.end(), 0);
}

TEST(TablesForWhole, HaveACodeForEverySymbolOfBaselineCoding) {
  FakeRows rows(64, 64, 3);
  const auto sample = EncodeJpegPayload(rows, 75, false);
  ASSERT_TRUE(sample.ok());
  const auto tables = TablesForWhole(*sample);
  ASSERT_TRUE(tables.has_value());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Symbols(tables->dc[i]), 12);
    EXPECT_EQ(Symbols(tables->ac[i]), 162);
    const auto& symbols = tables->ac[i].symbols;
    EXPECT_EQ(std::set<uint8_t>(symbols.begin(), symbols.begin() + 162).size(), 162u);
  }
  const auto gray = TablesForWhole(*EncodeJpegPayload(rows, 75, true));
  ASSERT_TRUE(gray.has_value());
  EXPECT_EQ(Symbols(gray->ac[0]), 162);
  EXPECT_EQ(Symbols(gray->ac[1]), 0);
}

TEST(TablesForWhole, AnyPictureCanBeCodedWithThem) {
  // A flat sample has next to no symbols, noise has nearly all.
  std::vector<uint8_t> flat(size_t{64} * 64 * 3, 128);
  RasterRows plain({flat.data(), 64, 64, 3, 64 * 3});
  std::vector<uint8_t> pixels(size_t{256} * 256 * 3);
  std::mt19937 random(1);
  for (uint8_t& value : pixels) value = static_cast<uint8_t>(random() >> 13);
  for (const bool gray : {false, true}) {
    const auto tables = TablesForWhole(*EncodeJpegPayload(plain, 100, gray));
    ASSERT_TRUE(tables.has_value());
    RasterRows noise({pixels.data(), 256, 256, 3, 256 * 3});
    const auto best = EncodeJpegPayload(noise, 100, gray);
    const auto coded = EncodeJpegPayload(noise, 100, gray, &*tables);
    ASSERT_TRUE(best.ok());
    ASSERT_TRUE(coded.ok()) << coded.status();
    EXPECT_GT(coded->size(), best->size());
  }
}

TEST(TablesForWhole, WhatIsNoPayloadHasNone) {
  FakeRows rows(64, 64, 3);
  const std::string sample = *EncodeJpegPayload(rows, 75, false);
  EXPECT_FALSE(TablesForWhole("").has_value());
  EXPECT_FALSE(TablesForWhole("no JPEG").has_value());
  const size_t scan = sample.find("\xff\xda");
  for (size_t cut = 0; cut < scan; ++cut) {
    EXPECT_FALSE(TablesForWhole(std::string_view(sample).substr(0, cut)).has_value()) << cut;
  }
  EXPECT_TRUE(TablesForWhole(sample.substr(0, scan + 14)).has_value());
}

}  // namespace
}  // namespace cbzfs
