#include "codecs/pdf/enhanced_slot_pages.h"

#include <cmath>
#include <limits>
#include <vector>

#include "codecs/image/jpeg_fit.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

// Coarse: a pixel of the small drawing holds twice what one of the page does.
constexpr float kCoarse = 0.7f;
constexpr float kFine = 0.0f;

DrawnSlot Page(uint32_t plain, std::optional<float> growth = std::nullopt, float detail = kCoarse) {
  DrawnSlot page{.width = 1000, .height = 1000, .plain_bytes = plain, .small = std::nullopt};
  if (growth.has_value()) {
    page.small = {.bytes = std::log(static_cast<float>(plain) / 1e6f) + detail, .growth = *growth};
  }
  return page;
}

TEST(EnhancedPageSlots, FollowThePlainSlot) {
  const std::vector<uint32_t> slots = ChooseEnhancedPageSlots(
      std::vector<DrawnSlot>{Page(100'000, 0.1f), Page(200'000, 0.1f), Page(200'000)});
  EXPECT_NEAR(slots[1], 2.0 * slots[0], 300);
  EXPECT_GT(slots[0], 90'000u);
  EXPECT_LT(slots[0], 150'000u);
  EXPECT_GT(slots[2], 150'000u);
  EXPECT_LT(slots[2], 300'000u);
}

TEST(EnhancedPageSlots, GrowWithTheGrowthOfTheSmallDrawing) {
  const std::vector<uint32_t> slots = ChooseEnhancedPageSlots(
      std::vector<DrawnSlot>{Page(100'000, -0.5f), Page(100'000, 0), Page(100'000, 0.5f)});
  EXPECT_LT(slots[0], slots[1]);
  EXPECT_LT(slots[1], slots[2]);
  const auto other = [](float growth) {
    return ChooseEnhancedPageSlots(std::vector<DrawnSlot>{Page(100'000, growth), Page(100'000)})[1];
  };
  EXPECT_LT(other(-0.5f), other(0.5f));
}

TEST(EnhancedPageSlots, FineScreensGetMore) {
  const std::vector<uint32_t> coarse =
      ChooseEnhancedPageSlots(std::vector<DrawnSlot>{Page(100'000, 0.1f), Page(100'000)});
  const std::vector<uint32_t> fine =
      ChooseEnhancedPageSlots(std::vector<DrawnSlot>{Page(100'000, 0.1f, kFine), Page(100'000)});
  EXPECT_GT(fine[0], coarse[0] * 1.2);
  EXPECT_GT(fine[1], coarse[1] * 1.2);
}

TEST(EnhancedPageSlots, NothingSeenIsMoreDoubt) {
  const uint32_t unseen = ChooseEnhancedPageSlots(std::vector<DrawnSlot>{Page(100'000)})[0];
  const std::vector<DrawnSlot> seen = {Page(100'000, 0.0f), Page(100'000)};
  EXPECT_GT(unseen, 100'000u);
  EXPECT_GT(unseen, ChooseEnhancedPageSlots(seen)[1]);
}

TEST(EnhancedPageSlots, HoldTheLeastPayloadWhateverIsSaid) {
  constexpr float kHuge = std::numeric_limits<float>::max();
  for (const uint32_t side : {1u, 900u, 65'500u}) {
    for (const uint32_t plain : {0u, 1u, 1u << 20, UINT32_MAX}) {
      for (const float said : {-kHuge, -5.0f, 0.0f, 5.0f, kHuge}) {
        DrawnSlot page{.width = side, .height = side, .plain_bytes = plain, .small = std::nullopt};
        page.small = {.bytes = said, .growth = said};
        const uint32_t slot = ChooseEnhancedPageSlots({&page, 1})[0];
        EXPECT_GE(slot, MinPayload(side, side));
        EXPECT_LE(slot, 1'000'000'000u);
      }
    }
  }
}

TEST(EnhancedPageSlots, AreTheSameForTheSamePages) {
  const std::vector<DrawnSlot> pages = {Page(123'456, 0.123f), Page(77'777), Page(9'999, -0.2f)};
  EXPECT_EQ(ChooseEnhancedPageSlots(pages), ChooseEnhancedPageSlots(pages));
  EXPECT_TRUE(ChooseEnhancedPageSlots({}).empty());
}

}  // namespace
}  // namespace cbzfs
