#include "codecs/zip/body.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using testing::RandomBytes;

uint32_t Zlib(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string All(const Body& body) {
  std::string bytes(body.size(), 'x');
  body.Read(0, absl::MakeSpan(bytes.data(), bytes.size()));
  return bytes;
}

BodySpec Spec(const std::string& head, const std::string& tail, uint64_t max_payload) {
  return {.body_bytes = max_payload + 8,
          .max_payload = max_payload,
          .declared_crc = 0xC0FFEE11,
          .head_crc = Zlib(head),
          .head_bytes = head.size(),
          .tail_crc = Zlib(tail),
          .tail_bytes = tail.size()};
}

// Whether `bytes` are whole comment segments, the last one of 8 bytes or more.
bool IsComments(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < 8 || bytes.substr(0, 2) != "\xFF\xFE") return false;
    const size_t segment =
        2 + (static_cast<uint8_t>(bytes[2]) << 8 | static_cast<uint8_t>(bytes[3]));
    if (segment < 4 || segment > bytes.size()) return false;
    bytes.remove_prefix(segment);
  }
  return true;
}

TEST(BodyTest, GivesTheEntryItsDeclaredCrcWhateverThePayload) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    const std::string head = RandomBytes(random, random() % 100);
    const std::string tail = RandomBytes(random, random() % 100);
    const uint64_t most = random() % 200'000;
    for (const uint64_t spared :
         {0, 1, 2, 3, 4, 5, 1000, 65'529, 65'530, 65'533, 65'536, 65'537, 1'000'000}) {
      const BodySpec spec = Spec(head, tail, most);
      const std::string payload = RandomBytes(random, most > spared ? most - spared : 0);
      const auto body = Body::Drawn(spec, payload);
      ASSERT_TRUE(body.ok()) << body.status();
      const std::string bytes = All(**body);
      ASSERT_EQ(bytes.size(), spec.body_bytes);
      EXPECT_TRUE(bytes.substr(0, payload.size()) == payload);
      ASSERT_TRUE(IsComments(std::string_view(bytes).substr(payload.size()))) << spared;
      ASSERT_EQ(Zlib(head + bytes + tail), spec.declared_crc);
    }
  }
}

TEST(BodyTest, RefusesAPayloadThatIsTooLong) {
  const BodySpec spec = Spec("head", "tail", 100);
  EXPECT_TRUE(Body::Drawn(spec, std::string(100, 'a')).ok());
  EXPECT_EQ(Body::Drawn(spec, std::string(101, 'a')).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Body::Drawn({.body_bytes = 4, .max_payload = 4}, "").status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(BodyTest, AnyRangeIsThatRangeOfTheWhole) {
  std::mt19937_64 random(2);
  const BodySpec spec = Spec("head", "tail", 140'000);
  for (const size_t size : {size_t{0}, size_t{5'000}, size_t{139'998}, size_t{140'000}}) {
    const auto body = Body::Drawn(spec, RandomBytes(random, size));
    ASSERT_TRUE(body.ok());
    const std::string all = All(**body);
    for (int round = 0; round < 500; ++round) {
      // Small ranges around the end of the payload and around the patch, and any others.
      const uint64_t anchors[] = {size, all.size() - 4, random() % all.size()};
      const uint64_t near = anchors[round % 3] + random() % 12;
      const uint64_t from = std::min<uint64_t>(near < 6 ? 0 : near - 6, all.size());
      const uint64_t length = std::min<uint64_t>(random() % 16, all.size() - from);
      std::string part(length, 'x');
      (*body)->Read(from, absl::MakeSpan(part.data(), part.size()));
      ASSERT_EQ(part, all.substr(from, length)) << size << " from " << from;
    }
  }
}

TEST(BodyTest, SealsAnOriginalStream) {
  std::mt19937_64 random(3);
  for (const uint64_t seal : {uint64_t{8}, uint64_t{9}, uint64_t{4000}, uint64_t{65'540}}) {
    const std::string data = RandomBytes(random, 3000);
    BodySpec spec = Spec(data, "\xFF\xD9", 0);
    spec.body_bytes = seal;
    spec.head_crc = 0;
    const auto body = Body::Original(spec, Zlib(data), data.size());
    EXPECT_EQ(Zlib(data + All(*body) + "\xFF\xD9"), spec.declared_crc);
  }
}

TEST(BodyTest, RawBytesAreHandedOnAsTheyAre) {
  std::mt19937_64 random(4);
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{3}, size_t{4}, size_t{5}, size_t{70'000}}) {
    const std::string bytes = RandomBytes(random, size);
    const auto body = Body::Raw(bytes);
    EXPECT_EQ(body->size(), size);
    EXPECT_EQ(body->payload(), bytes);
    EXPECT_TRUE(All(*body) == bytes) << "neither padding nor patch";
    for (int round = 0; round < 50 && size > 0; ++round) {
      const uint64_t from = random() % size;
      std::string part(std::min<uint64_t>(random() % 100, size - from), 'x');
      body->Read(from, absl::MakeSpan(part.data(), part.size()));
      ASSERT_EQ(part, bytes.substr(from, part.size()));
    }
    EXPECT_GE(body->memory_bytes(), size);
  }
}

TEST(BodyTest, KeepsThePayloadItWasGiven) {
  const auto body = Body::Drawn(Spec("head", "tail", 100), "payload");
  ASSERT_TRUE(body.ok());
  EXPECT_EQ((*body)->payload(), "payload");
}

TEST(BodyTest, IsChargedForItsPayloadNotForItsPadding) {
  const auto body = Body::Drawn(Spec("", "", 1'000'000), std::string(1000, 'a'));
  ASSERT_TRUE(body.ok());
  EXPECT_GE((*body)->memory_bytes(), 1000u);
  EXPECT_LT((*body)->memory_bytes(), 2000u);
}

}  // namespace
}  // namespace cbzfs
