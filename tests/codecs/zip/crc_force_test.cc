#include "codecs/zip/crc_force.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace cbzfs {
namespace {

uint32_t Zlib(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string Random(std::mt19937_64& random, size_t most) {
  std::string bytes(random() % (most + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(CrcForceTest, ExtendsAsZlibDoes) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 500; ++round) {
    const std::string a = Random(random, 300);
    const std::string b = Random(random, 300);
    EXPECT_EQ(ExtendCrc(Zlib(a), b), Zlib(a + b));
    EXPECT_EQ(ExtendCrcByZeros(Zlib(a), b.size()), Zlib(a + std::string(b.size(), '\0')));
  }
}

TEST(CrcForceTest, CombinesAndSeparates) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 500; ++round) {
    const std::string a = Random(random, 300);
    const std::string b = Random(random, 300);
    EXPECT_EQ(CombineCrc(Zlib(a), Zlib(b), b.size()), Zlib(a + b));
    EXPECT_EQ(RemoveCrcSuffix(Zlib(a + b), Zlib(b), b.size()), Zlib(a));
  }
}

TEST(CrcForceTest, LengthsPastTheOrderOfThePolynomialAgreeWithZlib) {
  std::mt19937_64 random(3);
  for (const uint64_t length :
       {uint64_t{0xFFFFFFFF}, uint64_t{0x100000000}, uint64_t{1} << 40, (uint64_t{1} << 62) - 1}) {
    const auto a = static_cast<uint32_t>(random());
    const auto b = static_cast<uint32_t>(random());
    EXPECT_EQ(CombineCrc(a, b, length), crc32_combine64(a, b, static_cast<z_off64_t>(length)));
    EXPECT_EQ(RemoveCrcSuffix(CombineCrc(a, b, length), b, length), a);
  }
}

TEST(CrcForceTest, FourBytesGiveAnyCrc) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 2000; ++round) {
    const std::string prefix = Random(random, 200);
    const std::string suffix = Random(random, 200);
    const auto desired = static_cast<uint32_t>(random());
    const auto patch = CrcPatch(Zlib(prefix), desired, Zlib(suffix), suffix.size());
    ASSERT_EQ(Zlib(prefix + std::string(patch.begin(), patch.end()) + suffix), desired);
  }
}

TEST(CrcForceTest, ThePatchOfWhatIsAlreadyRightIsWhatStandsThere) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    const std::string prefix = Random(random, 50);
    const std::string middle = Random(random, 0) + std::string("\x01\x80\x00\xff", 4);
    const std::string suffix = Random(random, 50);
    const auto patch =
        CrcPatch(Zlib(prefix), Zlib(prefix + middle + suffix), Zlib(suffix), suffix.size());
    EXPECT_EQ(std::string(patch.begin(), patch.end()), middle);
  }
}

}  // namespace
}  // namespace cbzfs
