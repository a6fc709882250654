#include "fs/core/data_crc.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace cbzfs {
namespace {

uint32_t Oracle(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

std::string Noise(size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

TEST(DataCrcTest, PiecesInAnyOrderGiveTheCrcOfTheWhole) {
  const std::string whole = Noise(10'000);
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<size_t, size_t>> pieces;
    for (size_t at = 0; at < whole.size();) {
      const size_t size = std::min<size_t>(1 + random() % 1500, whole.size() - at);
      pieces.push_back({at, size});
      at += size;
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    DataCrc crc;
    std::optional<uint32_t> got;
    for (size_t i = 0; i < pieces.size(); ++i) {
      const auto [at, size] = pieces[i];
      got = crc.Add(7, at, std::string_view(whole).substr(at, size), whole.size());
      EXPECT_EQ(got.has_value(), i + 1 == pieces.size());
    }
    EXPECT_EQ(got, Oracle(whole));
  }
}

TEST(DataCrcTest, WhatIsReadTwiceCountsOnce) {
  const std::string whole = Noise(100);
  DataCrc crc;
  const std::string_view view = whole;
  EXPECT_FALSE(crc.Add(0, 0, view.substr(0, 50), 100).has_value());
  EXPECT_FALSE(crc.Add(0, 0, view.substr(0, 50), 100).has_value());
  EXPECT_FALSE(crc.Add(0, 40, view.substr(40, 20), 100).has_value());
  EXPECT_EQ(crc.Add(0, 50, view.substr(50), 100), Oracle(whole));
}

TEST(DataCrcTest, PagesAreApartAndOldOnesAreForgotten) {
  const std::string whole = Noise(100);
  const std::string_view view = whole;
  DataCrc crc;
  EXPECT_FALSE(crc.Add(0, 0, view.substr(0, 50), 100).has_value());
  EXPECT_FALSE(crc.Add(1, 50, view.substr(50), 100).has_value());
  for (uint32_t page = 2; page < 12; ++page) {
    EXPECT_FALSE(crc.Add(page, 0, view.substr(0, 50), 100).has_value());
  }
  EXPECT_FALSE(crc.Add(0, 50, view.substr(50), 100).has_value());
  EXPECT_EQ(crc.Add(11, 50, view.substr(50), 100), Oracle(whole));
}

}  // namespace
}  // namespace cbzfs
