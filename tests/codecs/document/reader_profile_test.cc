#include "codecs/document/reader_profile.h"

#include <gtest/gtest.h>

#include <set>

#include "codecs/image/jpeg_fit.h"
#include "codecs/image/webp_fit.h"

namespace cbzfs {
namespace {

using Fit = ReaderProfile::Fit;
using Split = ReaderProfile::Split;

ReaderProfile Screen(uint32_t width, uint32_t height, Fit fit = Fit::kInside) {
  return {.width = width, .height = height, .fit = fit};
}

TEST(ReaderProfile, PagesFitTheScreen) {
  const PictureSize page = {1600, 2400};
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, Screen(600, 800)), (PictureSize{533, 800}));
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, Screen(400, 0)), (PictureSize{400, 600}));
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, Screen(0, 600)), (PictureSize{400, 600}));
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, Screen(600, 800, Fit::kWidth)),
            (PictureSize{600, 900}));
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, Screen(100, 800, Fit::kHeight)),
            (PictureSize{533, 800}));
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, Screen(600, 800, Fit::kExact)),
            (PictureSize{600, 800}));
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, {}), page);
}

TEST(ReaderProfile, SmallPagesStaySmallUnlessAskedFor) {
  const PictureSize page = {300, 450};
  ReaderProfile profile = Screen(600, 800);
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, profile), page);
  profile.enlarge = true;
  EXPECT_EQ(CanvasFor(page, PagePart::kWhole, profile), (PictureSize{533, 800}));
  profile = Screen(600, 800, Fit::kExact);
  EXPECT_EQ(ContentOn({600, 800}, page, profile), page);
  profile.enlarge = true;
  EXPECT_EQ(ContentOn({600, 800}, page, profile), (PictureSize{533, 800}));
}

TEST(ReaderProfile, NoCanvasIsEmptyOrLargerThanIsKept) {
  for (const PictureSize page : {PictureSize{1, 65500}, PictureSize{65500, 1}, PictureSize{1, 1},
                                 PictureSize{7000, 7000}, PictureSize{65500, 763}}) {
    for (ReaderProfile profile :
         {ReaderProfile(), Screen(16, 16), Screen(10'000, 0, Fit::kWidth),
          Screen(0, 10'000, Fit::kHeight), Screen(4000, 4000, Fit::kExact)}) {
      for (const bool enlarge : {false, true}) {
        profile.enlarge = enlarge;
        for (const PagePart part : {PagePart::kWhole, PagePart::kLeft, PagePart::kRight}) {
          const PictureSize canvas = CanvasFor(page, part, profile);
          EXPECT_GE(canvas.width, 1u);
          EXPECT_GE(canvas.height, 1u);
          EXPECT_LE(uint64_t{canvas.width} * canvas.height, kMaxKeptPixels);
          const PictureSize content = ContentOn(canvas, page, profile);
          EXPECT_LE(content.width, canvas.width);
          EXPECT_LE(content.height, canvas.height);
          EXPECT_GE(std::min(content.width, content.height), 1u);
        }
      }
    }
  }
}

TEST(ReaderProfile, OnlySpreadsAreSplitInTheOrderAskedFor) {
  const auto parts = [](PictureSize page, Split split) {
    const auto found = PartsOf(page, {.split = split});
    return std::vector<PagePart>(found.begin(), found.end());
  };
  const std::vector<PagePart> whole = {PagePart::kWhole};
  EXPECT_EQ(parts({300, 200}, Split::kNo), whole);
  EXPECT_EQ(parts({200, 300}, Split::kLeftFirst), whole);
  EXPECT_EQ(parts({200, 200}, Split::kLeftFirst), whole);
  EXPECT_EQ(parts({300, 200}, Split::kLeftFirst),
            (std::vector<PagePart>{PagePart::kLeft, PagePart::kRight}));
  EXPECT_EQ(parts({300, 200}, Split::kRightFirst),
            (std::vector<PagePart>{PagePart::kRight, PagePart::kLeft}));
}

TEST(ReaderProfile, HalvesAreAllOfThePage) {
  for (uint32_t width = 2; width < 10; ++width) {
    const PartColumns left = ColumnsOf(PagePart::kLeft, width);
    const PartColumns right = ColumnsOf(PagePart::kRight, width);
    EXPECT_EQ(left.left, 0u);
    EXPECT_EQ(left.width, right.left);
    EXPECT_EQ(right.left + right.width, width);
  }
  EXPECT_EQ(ColumnsOf(PagePart::kRight, 1).left + ColumnsOf(PagePart::kRight, 1).width, 1u);
}

TEST(ReaderProfile, EverySettingIsAFact) {
  std::set<std::string> facts = {FactsOf({})};
  const ReaderProfile all[] = {{.width = 1},
                               {.height = 1},
                               {.fit = Fit::kWidth},
                               {.enlarge = true},
                               {.gray = true},
                               {.levels = 2},
                               {.crop = true},
                               {.split = Split::kLeftFirst},
                               {.format = PageFormat::kWebp},
                               {.quality = 84},
                               {.enhance = {.on = true}},
                               {.enhance = {.on = false, .curve = 0.5}},
                               {.enhance = {.on = false, .gamma = 0.5}},
                               {.enhance = {.on = false, .brightness = 0.5f}},
                               {.enhance = {.on = false, .contrast = 0.5f}},
                               {.enhance = {.on = false, .cutoff = 0.5}}};
  for (const ReaderProfile& profile : all) facts.insert(FactsOf(profile));
  EXPECT_EQ(facts.size(), std::size(all) + 1);
}

TEST(ReaderProfile, EverySlotHoldsOneColour) {
  for (const uint32_t enhanced : {0u, 1000u, 400'000u, UINT32_MAX}) {
    for (const PictureSize page :
         {PictureSize{1, 1}, PictureSize{1600, 2400}, PictureSize{65500, 1}}) {
      const Page row = {.width = page.width, .height = page.height, .enhanced_bytes = enhanced};
      for (const uint32_t quality : {40u, 85u, 100u}) {
        ReaderProfile profile = Screen(1264, 1680, Fit::kExact);
        profile.quality = quality;
        const PictureSize canvas = CanvasFor(page, PagePart::kWhole, profile);
        EXPECT_GE(ReaderPayload(row, PagePart::kWhole, canvas, profile, 85),
                  MinPayload(canvas.width, canvas.height));
        profile.format = PageFormat::kWebp;
        for (const uint32_t levels : {0u, 2u, 16u}) {
          profile.levels = levels;
          EXPECT_GE(ReaderPayload(row, PagePart::kWhole, canvas, profile, 85),
                    MinWebpPayload(canvas.width, canvas.height));
        }
      }
    }
  }
}

TEST(ReaderProfile, NoWebpIsLongerThanTheFormatAllows) {
  for (const uint32_t side : {16'383u, 16'384u, 20'000u, 65'500u}) {
    for (const PictureSize page : {PictureSize{40, side}, PictureSize{side, 40}}) {
      const PictureSize jpeg = CanvasFor(page, PagePart::kWhole, {});
      EXPECT_EQ(std::max(jpeg.width, jpeg.height), side);
      const PictureSize webp = CanvasFor(page, PagePart::kWhole, {.format = PageFormat::kWebp});
      EXPECT_LE(std::max(webp.width, webp.height), kMaxWebpSide);
      EXPECT_GE(std::max(webp.width, webp.height), kMaxWebpSide - 1);
      EXPECT_GE(std::min(webp.width, webp.height), 9u);
    }
  }
}

TEST(ReaderProfile, SlotsGrowWithWhatIsAskedFor) {
  const Page row = {.width = 1600, .height = 2400, .enhanced_bytes = 800'000};
  ReaderProfile profile = Screen(800, 1200);
  const auto slot = [&] {
    return ReaderPayload(row, PagePart::kWhole, CanvasFor({1600, 2400}, PagePart::kWhole, profile),
                         profile, 85);
  };
  const uint32_t base = slot();
  EXPECT_LT(base, 800'000u);
  profile.quality = 95;
  EXPECT_GT(slot(), base);
  profile.quality = 85;
  profile.gray = true;
  const uint32_t gray = slot();
  EXPECT_LT(gray, base);
  profile.levels = 16;
  EXPECT_GT(slot(), gray);
}

}  // namespace
}  // namespace cbzfs
