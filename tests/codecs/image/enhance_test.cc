// What Pillow makes of whole pictures is compared in data/pixels_test.py.

#include "codecs/image/enhance.h"

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "codecs/image/kept_rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/image/fake_rows.h"

namespace cbzfs {
namespace {

constexpr uint32_t kWidth = 203, kHeight = 151;

std::vector<ByteTable> AllTables(const EnhanceTables& tables) {
  std::vector<ByteTable> all(3);
  for (uint32_t c = 0; c < 3; ++c) {
    for (uint32_t i = 0; i < 256; ++i) all[c][i] = tables.table(c)[i];
  }
  return all;
}

EnhanceStatistics Whole(const std::vector<uint8_t>& pixels, uint32_t components) {
  EnhanceStatistics statistics{EnhanceOptions{}};
  for (uint32_t y = 0; y < kHeight; ++y) {
    statistics.Add(&pixels[size_t{y} * kWidth * components], kWidth, components);
  }
  return statistics;
}

TEST(Enhance, TheCurveHasTheLevelsOfTheSeed) {
  const ByteTable curve = CurveTable(1);
  EXPECT_EQ(std::vector<int>(curve.begin() + 127, curve.begin() + 132),
            (std::vector<int>{127, 128, 130, 131, 133}));
  EXPECT_EQ(GammaTable(0.9)[128], 118);
  EXPECT_EQ(GammaTable(0.9)[254], 253);
}

TEST(Enhance, StagesWithoutStrengthAreIdentities) {
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(CurveTable(0)[i], i);
    EXPECT_EQ(GammaTable(1)[i], i);
    EXPECT_EQ(BlendTable(0, 1)[i], i);
    EXPECT_EQ(BlendTable(77, 1)[i], i);
    EXPECT_EQ(BlendTable(77, 0)[i], 77);
    EXPECT_EQ(AutocontrastTable(Histogram{}, 1)[i], i);
  }
}

TEST(Enhance, ImpossibleOptionsStillGiveTables) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double value : {nan, 0.0, -1.0, 1e300, -1e300}) {
    EnhanceOptions options{.curve = value,
                           .gamma = value,
                           .brightness = static_cast<float>(value),
                           .contrast = static_cast<float>(value),
                           .cutoff = value};
    EnhanceStatistics statistics(options);
    const std::vector<uint8_t> pixels = TestPixels(kWidth, 1, 3);
    statistics.Add(pixels.data(), kWidth, 3);
    MakeTables(statistics, options);
  }
}

TEST(Enhance, HistogramAndMeanAreThoseOfEveryPixel) {
  for (const uint32_t components : {1u, 3u}) {
    const std::vector<uint8_t> pixels = TestPixels(kWidth, kHeight, components);
    const EnhanceStatistics statistics = Whole(pixels, components);
    std::vector<Histogram> expected(3);
    const ByteTable first = FirstStages(EnhanceOptions{});
    uint64_t luma = 0;
    for (size_t i = 0; i < pixels.size(); i += components) {
      const uint8_t* p = &pixels[i];
      for (uint32_t c = 0; c < components; ++c) ++expected[c][p[c]];
      luma += components == 1
                  ? first[p[0]]
                  : (19595 * first[p[0]] + 38470 * first[p[1]] + 7471 * first[p[2]] + 0x8000) >> 16;
    }
    for (uint32_t c = 0; c < components; ++c) EXPECT_EQ(statistics.Channel(c), expected[c]);
    EXPECT_EQ(statistics.Mean(), std::lround(static_cast<double>(luma) / kWidth / kHeight));
  }
}

TEST(Enhance, BandsMergedFromThreadsGiveTheTablesOfTheWhole) {
  for (const uint32_t components : {1u, 3u}) {
    const std::vector<uint8_t> pixels = TestPixels(kWidth, kHeight, components);
    const auto whole = AllTables(MakeTables(Whole(pixels, components), {}));
    for (const uint32_t band : {1u, 7u, 64u, 150u}) {
      std::vector<EnhanceStatistics> parts;
      for (uint32_t top = 0; top < kHeight; top += band) parts.emplace_back(EnhanceOptions{});
      std::vector<std::thread> threads;
      for (size_t i = 0; i < parts.size(); ++i) {
        threads.emplace_back([&, i] {
          const uint32_t top = static_cast<uint32_t>(i) * band;
          for (uint32_t y = top; y < std::min(top + band, kHeight); ++y) {
            parts[i].Add(&pixels[size_t{y} * kWidth * components], kWidth, components);
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      EnhanceStatistics merged{EnhanceOptions{}};
      merged.Merge(EnhanceStatistics{EnhanceOptions{}});  // nothing, changes nothing
      for (size_t i = parts.size(); i-- > 0;) merged.Merge(parts[i]);
      EXPECT_EQ(AllTables(MakeTables(merged, {})), whole) << components << " " << band;
    }
  }
}

TEST(Enhance, TablesApplyInPlaceToAnyWidth) {
  EnhanceTables tables;
  for (uint32_t c = 0; c < 3; ++c) {
    ByteTable table;
    for (uint32_t i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(i * (2 * c + 3) + 7 * c);
    tables.Set(c, table);
  }
  for (const uint32_t components : {1u, 3u}) {
    for (uint32_t width = 1; width < 20; ++width) {
      std::vector<uint8_t> in = TestPixels(width, 1, components);
      std::vector<uint8_t> expected;
      for (size_t i = 0; i < in.size(); ++i) {
        expected.push_back(tables.table(static_cast<uint32_t>(i % components))[in[i]]);
      }
      expected.push_back(99);  // not touched
      std::vector<uint8_t> out(in.size() + 1, 99);
      tables.Apply(in.data(), out.data(), width, components);
      EXPECT_EQ(out, expected);
      in.push_back(99);
      tables.Apply(in.data(), in.data(), width, components);
      EXPECT_EQ(in, expected);
    }
  }
}

TEST(EnhanceRows, KeptAndStreamedAreTheSameAndDamageComesThrough) {
  for (const uint32_t components : {1u, 3u}) {
    auto source = std::make_unique<FakeRows>(kWidth, kHeight, components);
    auto kept = KeepEnhanced(*source, {});
    ASSERT_TRUE(kept.ok());
    FakeRows* fake = source.get();
    fake->passes = 0;
    auto streamed = EnhanceRows(std::move(source), {});
    const std::vector<uint8_t> first = ReadAll(*streamed);
    EXPECT_EQ(fake->passes, 2);  // one for the statistics, once
    EXPECT_EQ(ReadAll(*streamed), first);
    EXPECT_EQ(fake->passes, 3);
    EXPECT_EQ(ReadAll(**kept), first);
    EXPECT_NE(first, fake->pixels());
    EXPECT_EQ(streamed->damage(), "torn");
    EXPECT_EQ((*kept)->damage(), "torn");
  }
}

TEST(EnhanceRows, SwitchedOffNothingChanges) {
  auto source = std::make_unique<FakeRows>(kWidth, kHeight, 3);
  FakeRows* fake = source.get();
  auto rows = EnhanceRows(std::move(source), {.on = false});
  EXPECT_EQ(ReadAll(*rows), fake->pixels());
  EXPECT_EQ(fake->passes, 1);
  auto kept = KeepEnhanced(*fake, {.on = false});
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(ReadAll(**kept), fake->pixels());
}

TEST(EnhanceRows, AFailureInAnyPassIsTold) {
  for (const int pass : {1, 2}) {
    auto source = std::make_unique<FakeRows>(kWidth, kHeight, 3);
    source->fail_pass = pass;
    source->fail_row = 40;
    auto rows = EnhanceRows(std::move(source), {});
    const absl::Status status = rows->Rewind();
    if (pass == 1) {
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
      continue;
    }
    ASSERT_TRUE(status.ok());
    for (int y = 0; y < 40; ++y) EXPECT_NE(rows->Next(), nullptr);
    EXPECT_EQ(rows->Next(), nullptr);
    EXPECT_EQ(rows->status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(KeptRows, OnePassAndThenNoMoreOfTheSource) {
  auto source = std::make_unique<FakeRows>(31, 17, 3);
  const std::vector<uint8_t> pixels = source->pixels();
  auto kept = KeepRows(std::move(source));
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(ReadAll(**kept), pixels);
  EXPECT_EQ((*kept)->Next(), nullptr);  // past the end
  EXPECT_EQ(ReadAll(**kept), pixels);
  EXPECT_EQ((*kept)->damage(), "torn");
}

// Says it is bigger than any memory.
class HugeRows final : public PixelRows {
 public:
  HugeRows() : PixelRows(0xffffffff, 0xffffffff, 3) {}
  absl::Status Rewind() override { return absl::OkStatus(); }
  const uint8_t* Next() override { return nullptr; }
};

TEST(KeptRows, FailuresAreStatuses) {
  EXPECT_EQ(KeepRows(std::make_unique<HugeRows>()).status().code(),
            absl::StatusCode::kResourceExhausted);
  auto source = std::make_unique<FakeRows>(31, 17, 1);
  source->fail_pass = 1;
  source->fail_row = 16;
  EXPECT_EQ(KeepRows(std::move(source)).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace cbzfs
