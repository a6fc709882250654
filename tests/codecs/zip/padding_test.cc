#include "codecs/zip/padding.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>
#include <vector>

#include "codecs/document/webp_chunks.h"

namespace cbzfs {
namespace {

std::string All(const Padding& padding) {
  std::string bytes(padding.bytes(), 'x');
  padding.Read(0, absl::MakeSpan(bytes.data(), bytes.size()));
  return bytes;
}

// Lengths of the segments, by walking them as a decoder does. Empty when they are no segments.
std::vector<uint64_t> Walk(const std::string& bytes) {
  std::vector<uint64_t> lengths;
  for (size_t at = 0; at < bytes.size();) {
    if (bytes.size() - at < 4 || bytes.substr(at, 2) != "\xFF\xFE") return {};
    const uint64_t length =
        2 + (static_cast<uint8_t>(bytes[at + 2]) << 8 | static_cast<uint8_t>(bytes[at + 3]));
    if (length < 4 || length > bytes.size() - at) return {};
    if (bytes.substr(at + 4, length - 4) != std::string(length - 4, '\0')) return {};
    lengths.push_back(length);
    at += length;
  }
  return lengths;
}

// Around every place where a segment more begins.
std::vector<uint64_t> InterestingLengths(uint64_t least) {
  std::vector<uint64_t> lengths;
  for (uint64_t segments = 0; segments <= 3; ++segments) {
    for (int64_t delta = -12; delta <= 12; ++delta) {
      const int64_t length = static_cast<int64_t>(segments * Padding::kMaxSegment) + delta;
      if (length >= static_cast<int64_t>(least)) lengths.push_back(length);
    }
  }
  return lengths;
}

TEST(PaddingTest, IsSegmentsOfExactlyTheLengthAsked) {
  for (const uint64_t least : {uint64_t{4}, uint64_t{8}}) {
    for (const uint64_t length : InterestingLengths(least)) {
      const Padding padding(PageFormat::kJpeg, length, least - 4);
      EXPECT_EQ(padding.bytes(), length);
      const auto segments = Walk(All(padding));
      ASSERT_FALSE(segments.empty()) << length;
      EXPECT_GE(segments.back(), least) << length;
      EXPECT_EQ(segments.size(), (length + 65536) / 65537) << length;
    }
  }
}

TEST(PaddingTest, NothingIsNoSegment) { EXPECT_EQ(All(Padding(PageFormat::kJpeg, 0)), ""); }

TEST(PaddingTest, AnyRangeIsThatRangeOfTheWhole) {
  std::mt19937_64 random(1);
  for (const uint64_t length : InterestingLengths(8)) {
    const Padding padding(PageFormat::kJpeg, length, 4);
    const std::string all = All(padding);
    for (int round = 0; round < 20; ++round) {
      const uint64_t from = random() % length;
      const uint64_t size = random() % (round % 2 == 0 ? 9 : length - from + 1);
      std::string part(std::min(size, length - from), 'x');
      padding.Read(from, absl::MakeSpan(part.data(), part.size()));
      ASSERT_EQ(part, all.substr(from, part.size())) << length << " from " << from;
    }
  }
}

TEST(PaddingTest, CrcOfAnyPrefixIsThatOfItsBytes) {
  std::mt19937_64 random(2);
  for (const uint64_t length : InterestingLengths(8)) {
    const Padding padding(PageFormat::kJpeg, length, 4);
    const std::string all = All(padding);
    for (const uint64_t size : {uint64_t{0}, uint64_t{3}, random() % length, length - 4, length}) {
      EXPECT_EQ(padding.ExtendCrc(0xDEADBEEF, size),
                crc32_z(0xDEADBEEF, reinterpret_cast<const Bytef*>(all.data()), size));
    }
  }
}

TEST(PaddingTest, OfWebpIsOneChunkOfAnyEvenLength) {
  EXPECT_EQ(All(Padding(PageFormat::kWebp, 0)), "");
  std::mt19937_64 random(3);
  for (const uint64_t length : {8, 10, 12, 14, 4028, 65'536, 65'540, 1'000'000}) {
    const Padding padding(PageFormat::kWebp, length, length >= 12 ? 4 : 0);
    ASSERT_EQ(padding.bytes(), length);
    const std::string all = All(padding);
    EXPECT_EQ(all, WebpChunk("JUNK", std::string(length - 8, '\0')));
    for (int round = 0; round < 50; ++round) {
      const uint64_t from = random() % std::min<uint64_t>(length, round % 2 == 0 ? 10 : length);
      std::string part(random() % (length - from + 1), 'x');
      padding.Read(from, absl::MakeSpan(part.data(), part.size()));
      ASSERT_EQ(part, all.substr(from, part.size())) << length << " from " << from;
      EXPECT_EQ(padding.ExtendCrc(0xDEADBEEF, from),
                crc32_z(0xDEADBEEF, reinterpret_cast<const Bytef*>(all.data()), from));
    }
  }
}

}  // namespace
}  // namespace cbzfs
