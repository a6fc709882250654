#include "codecs/image/byte_lookup.h"

#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace cbzfs {
namespace {

constexpr uint8_t kBeyond = 0xA5;  // what must not be written to

std::vector<uint8_t> Noise(size_t bytes, std::mt19937* random) {
  std::vector<uint8_t> noise(bytes);
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>((*random)());
  return noise;
}

ByteLookup NoisyTables(std::mt19937* random) {
  ByteLookup lookup;
  for (uint32_t c = 0; c < 3; ++c) {
    ByteTable table;
    for (uint8_t& entry : table) entry = static_cast<uint8_t>((*random)());
    lookup.Set(c, table);
  }
  return lookup;
}

// Every byte through its channel's table, and none behind the row.
void ExpectLookedUp(const ByteLookup& lookup, const std::vector<uint8_t>& in,
                    const std::vector<uint8_t>& out, uint32_t width, uint32_t components) {
  for (size_t i = 0; i < size_t{width} * components; ++i) {
    ASSERT_EQ(out[i], lookup.table(static_cast<uint32_t>(i % components))[in[i]])
        << "byte " << i << " of " << width << " pixels of " << components;
  }
  for (size_t i = size_t{width} * components; i < out.size(); ++i) ASSERT_EQ(out[i], kBeyond);
}

using Way = void (ByteLookup::*)(const uint8_t*, uint8_t*, uint32_t, uint32_t) const;

void TryAllWidths(Way way) {
  std::mt19937 random(7);
  const ByteLookup lookup = NoisyTables(&random);
  for (const uint32_t components : {1u, 3u}) {
    for (uint32_t width = 0; width <= 260; ++width) {
      const std::vector<uint8_t> in = Noise(size_t{width} * components, &random);
      std::vector<uint8_t> out(in.size() + 70, kBeyond);
      (lookup.*way)(in.data(), out.data(), width, components);
      ExpectLookedUp(lookup, in, out, width, components);
      std::vector<uint8_t> same = in;
      same.resize(out.size(), kBeyond);
      (lookup.*way)(same.data(), same.data(), width, components);
      ASSERT_EQ(same, out);
    }
  }
}

TEST(ByteLookupTest, PlainLoadsOfAnyWidth) { TryAllWidths(&ByteLookup::ApplyPlain); }

TEST(ByteLookupTest, VectorsOfAnyWidth) {
  if (!ByteLookup::HasVectors()) GTEST_SKIP() << "this processor has no AVX-512 VBMI";
  TryAllWidths(&ByteLookup::ApplyVectors);
}

TEST(ByteLookupTest, WhicheverThisProcessorHas) { TryAllWidths(&ByteLookup::Apply); }

TEST(ByteLookupTest, NewTablesAreIdentities) {
  std::mt19937 random(8);
  const std::vector<uint8_t> in = Noise(300, &random);
  std::vector<uint8_t> out(300);
  ByteLookup().Apply(in.data(), out.data(), 100, 3);
  EXPECT_EQ(in, out);
}

}  // namespace
}  // namespace cbzfs
