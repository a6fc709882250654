#include "codecs/pdf/slot_model.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <random>
#include <vector>

#include "codecs/image/jpeg_fit.h"
#include "codecs/pdf/page_facts.h"
#include "codecs/pdf/slot_model_survey.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"

namespace cbzfs {
namespace {

using Small = std::vector<std::optional<SmallDrawing>>;

// A page of text as scanning one finds it; `density` 1 is a full page.
PageFacts TextFacts(double density) {
  PageFacts facts;
  facts.complete = true;
  facts.gray = true;
  facts.marks = 50;
  facts.counts.content_bytes = 9000 * density;
  facts.counts.operators = 400 * density;
  facts.counts.glyphs = 2800 * density;
  facts.counts.glyph_size = 28000 * density;
  facts.counts.glyph_area = 280000 * density;
  facts.counts.fonts = 12;
  return facts;
}

PageFacts ScanFacts(ImageFilter filter, uint32_t side, double bytes) {
  PageFacts facts;
  facts.complete = true;
  facts.marks = 1;
  ImagePlacement image;
  image.object = 7;
  image.width = image.height = side;
  image.components = 3;
  image.filter = filter;
  image.bytes = static_cast<uint64_t>(bytes);
  image.ctm = {612, 0, 0, 792, 0, 0};
  image.area = 612 * 792;
  facts.images.push_back(image);
  PageCounts::Images& kind = filter == ImageFilter::kDct ? facts.counts.photo : facts.counts.other;
  kind = {.count = 1, .pixels = double{1} * side * side, .bytes = bytes, .area = image.area};
  return facts;
}

SlotPage TextPage(double density, float dpi = 200) {
  return DescribePage(static_cast<uint32_t>(8.5f * dpi), static_cast<uint32_t>(11 * dpi), dpi,
                      TextFacts(density));
}

SmallDrawing TextDrawing(double density) {
  SmallDrawing small;
  small.bytes = static_cast<float>(std::log(0.02 + 0.1 * density));
  small.halved_bytes = small.bytes + 0.5f;
  small.gradient = static_cast<float>(std::log(1 + 8 * density));
  small.flat = static_cast<float>(0.9 - 0.5 * density);
  small.busy = static_cast<float>(0.3 * density);
  small.gray = 1;
  return small;
}

// A document of every kind of page.
std::vector<SlotPage> MixedPages(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<SlotPage> pages;
  for (size_t i = 0; i < count; ++i) {
    const float dpi = static_cast<float>(100 + random() % 200);
    const double amount = 0.05 + static_cast<double>(random() % 100) / 50;
    const uint32_t w = 200 + random() % 2000, h = 200 + random() % 2500;
    switch (random() % 3) {
      case 0:
        pages.push_back(DescribePage(w, h, dpi, TextFacts(amount)));
        break;
      case 1:
        pages.push_back(
            DescribePage(w, h, dpi, ScanFacts(ImageFilter::kDct, 1000, 200'000 * amount)));
        break;
      default:
        pages.push_back(
            DescribePage(w, h, dpi, ScanFacts(ImageFilter::kFlate, 900, 400'000 * amount)));
    }
  }
  return pages;
}

TEST(SlotModel, MorePixelsNeverGetASmallerSlot) {
  for (const double density : {0.02, 0.3, 1.0, 3.0}) {
    const SlotPage page = TextPage(density);
    uint32_t before = 0;
    for (uint32_t side = 100; side < 6000; side += 371) {
      SlotPage larger = page;  // equal densities, more of them
      larger.width = larger.height = side;
      const uint32_t slot = ChooseSlots({&larger, 1}, Small(1), 85)[0];
      EXPECT_GE(slot, before) << side;
      before = slot;
    }
  }
}

TEST(SlotModel, HigherQualityNeedsMoreOnTheWhole) {
  const std::vector<SlotPage> pages = MixedPages(60, 3);
  uint64_t before = 0;
  for (const uint32_t quality : {75u, 80u, 85u, 90u, 92u}) {
    const std::vector<uint32_t> slots = ChooseSlots(pages, Small(60), quality);
    const uint64_t sum = std::accumulate(slots.begin(), slots.end(), uint64_t{0});
    EXPECT_GT(sum, before) << quality;
    before = sum;
  }
}

TEST(SlotModel, NoSlotIsUnderTheLeastPayload) {
  std::vector<SlotPage> pages = MixedPages(200, 4);
  for (size_t i = 0; i < pages.size(); ++i) {
    pages[i].width = 1 + static_cast<uint32_t>(i * i * 7 % 4000);
    pages[i].height = 1 + static_cast<uint32_t>(i * 13 % 900);
  }
  pages.push_back(DescribePage(1, 1, 150, PageFacts()));
  pages.push_back(DescribePage(65500, 700, 150, PageFacts()));
  pages.push_back(DescribePage(7000, 7000, 300, PageFacts()));
  Small small(pages.size());
  small.back() = SmallDrawing{.bytes = -12, .halved_bytes = -12, .gradient = -12, .flat = 1};
  for (const uint32_t quality : {1u, 40u, 85u, 100u}) {
    const std::vector<uint32_t> slots = ChooseSlots(pages, small, quality);
    for (size_t i = 0; i < pages.size(); ++i) {
      EXPECT_GE(slots[i], MinPayload(pages[i].width, pages[i].height)) << i;
    }
  }
}

TEST(SlotModel, SameFactsSameSlots) {
  const std::vector<SlotPage> pages = MixedPages(90, 5);
  const std::vector<uint32_t> sample = ChooseSample(pages);
  EXPECT_EQ(sample, ChooseSample(MixedPages(90, 5)));
  Small small(pages.size());
  for (const uint32_t i : sample) small[i] = TextDrawing(0.1 * (i % 10));
  EXPECT_EQ(ChooseSlots(pages, small, 85), ChooseSlots(MixedPages(90, 5), small, 85));
}

// Pages are judged by what is sampled, not by where they stand. (Sums of floats are taken in
// another order, which may move a slot by a rounding step of 1/256.)
TEST(SlotModel, TheOrderOfPagesDoesNotMatter) {
  const std::vector<SlotPage> pages = MixedPages(50, 6);
  Small small(pages.size());
  for (size_t i = 0; i < pages.size(); i += 5) small[i] = TextDrawing(0.3);
  const std::vector<uint32_t> slots = ChooseSlots(pages, small, 85);
  const std::vector<SlotPage> back(pages.rbegin(), pages.rend());
  const Small small_back(small.rbegin(), small.rend());
  const std::vector<uint32_t> slots_back = ChooseSlots(back, small_back, 85);
  for (size_t i = 0; i < slots.size(); ++i) {
    EXPECT_NEAR(slots[i], slots_back[slots.size() - 1 - i], slots[i] * 0.006 + 64) << i;
  }
}

TEST(SlotModel, ASampledPageGetsASlotByItsDrawing) {
  const SlotPage page = TextPage(1);
  const uint32_t thin = ChooseSlots({&page, 1}, Small{TextDrawing(0.1)}, 85)[0];
  const uint32_t dense = ChooseSlots({&page, 1}, Small{TextDrawing(2)}, 85)[0];
  EXPECT_GT(dense, thin * 2);
}

TEST(SlotModel, PagesLikeTheSampleAreCorrectedByIt) {
  std::vector<SlotPage> pages(10, TextPage(1));
  Small none(10), some(10), more(10);
  for (size_t i = 0; i < 3; ++i) {
    some[i] = TextDrawing(0.3);
    more[i] = TextDrawing(1.5);
  }
  const uint32_t low = ChooseSlots(pages, some, 85)[9];
  const uint32_t high = ChooseSlots(pages, more, 85)[9];
  EXPECT_GT(high, low * 13 / 10);
}

TEST(SlotSample, StaysWithinTheBudgetHoweverLongTheDocument) {
  for (const size_t count : {1u, 5u, 20u, 120u, 1000u, 10'000u}) {
    const std::vector<SlotPage> pages = MixedPages(count, 7);
    const std::vector<uint32_t> sample = ChooseSample(pages);
    float cost = 0;
    for (const uint32_t i : sample) cost += pages[i].cost;
    EXPECT_GE(sample.size(), 1u);
    EXPECT_LE(sample.size(), kMostSampled);
    // One page may be dearer than the budget: something of a document should be known.
    if (sample.size() > 1) {
      EXPECT_LE(cost, SampleBudget(count)) << count;
    }
    EXPECT_TRUE(std::is_sorted(sample.begin(), sample.end()));
    EXPECT_LE(SampleBudget(count), 80);
  }
}

TEST(SlotSample, OneOrTwoStandForEqualPages) {
  const std::vector<SlotPage> pages(300, TextPage(1));
  EXPECT_LE(ChooseSample(pages).size(), 3u);
}

TEST(SlotSample, TakesEveryKindOfPage) {
  std::vector<SlotPage> pages(40, TextPage(1));
  for (size_t i = 30; i < 40; ++i) {
    pages[i] = DescribePage(1700, 2200, 200, ScanFacts(ImageFilter::kDct, 800, 150'000));
  }
  const std::vector<uint32_t> sample = ChooseSample(pages);
  EXPECT_LT(sample.front(), 30u);
  EXPECT_GE(sample.back(), 30u);
}

TEST(SlotSample, PagesTooDearAreNeverDrawn) {
  // A JPEG 2000 image of 60 megapixels, and content that the scan did not come to the end of.
  std::vector<SlotPage> pages(
      3, DescribePage(1700, 2200, 200, ScanFacts(ImageFilter::kJpx, 8000, 9e6)));
  EXPECT_GT(pages[0].cost, kNeverDrawn);
  EXPECT_TRUE(ChooseSample(pages).empty());
  PageFacts bomb = TextFacts(0.1);
  bomb.heavy = true;
  const SlotPage heavy = DescribePage(1700, 2200, 200, bomb);
  EXPECT_TRUE(ChooseSample({&heavy, 1}).empty());
  EXPECT_TRUE(ChooseSample({}).empty());
}

TEST(SmallDrawing, MeasuresTheSameTwiceAndSeesColour) {
  std::vector<uint8_t> pixels(120 * 90 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i / 3 * i / 99);
  const RasterView raster{pixels.data(), 120, 90, 3, 360};
  auto first = MeasureSmall(raster, 85);
  auto second = MeasureSmall(raster, 85);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->bytes, second->bytes);
  EXPECT_EQ(first->halved_bytes, second->halved_bytes);
  EXPECT_EQ(first->gradient, second->gradient);
  EXPECT_EQ(first->gray, 0);
  std::fill(pixels.begin(), pixels.end(), 200);
  auto flat = MeasureSmall(raster, 85);
  ASSERT_TRUE(flat.ok());
  EXPECT_EQ(flat->gray, 1);
  EXPECT_EQ(flat->flat, 1);
  EXPECT_EQ(flat->busy, 0);
  EXPECT_LT(flat->bytes, first->bytes);
}

TEST(SmallDrawing, TinyPagesAreMeasuredToo) {
  const SmallSize size = SmallSizeOf(1, 65500);
  EXPECT_GE(size.width, 8u);
  EXPECT_EQ(size.height, 16375u);
  std::vector<uint8_t> pixel(8 * 8, 10);
  EXPECT_TRUE(MeasureSmall({pixel.data(), 8, 8, 1, 8}, 85).ok());
  EXPECT_FALSE(MeasureSmall({pixel.data(), 1, 1, 1, 1}, 85).ok());
}

// A one-page PDF of this content and these resources; MuPDF makes up the cross-reference table.
std::string OnePage(const std::string& content, const std::string& resources,
                    const std::string& objects = "") {
  return "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
         "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
         "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 500]/Contents 4 0 R/Resources<<" +
         resources + ">>>>endobj\n4 0 obj<</Length " + std::to_string(content.size()) +
         ">>stream\n" + content + "\nendstream endobj\n" + objects +
         "trailer<</Root 1 0 R>>\n%%EOF\n";
}

SlotPage DescribeBytes(const std::string& bytes) {
  auto pdf = testing::OpenBytes(bytes);
  EXPECT_TRUE(pdf.ok()) << pdf.status();
  auto document = (*pdf)->Analyse({});
  EXPECT_TRUE(document.ok()) << document.status();
  std::vector<uint32_t> drawn;
  std::vector<SlotPage> pages = SlotSurvey(pdf->get(), {}).Describe(document->pages, &drawn);
  EXPECT_EQ(pages.size(), 1u);
  return pages.at(0);
}

TEST(SlotSurvey, APageIsDescribedByWhatItShows) {
  const std::string font = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";
  const SlotPage text =
      DescribeBytes(OnePage("BT /F 12 Tf 20 400 Td (twenty letters in it) Tj ET", font));
  const SlotPage hidden =
      DescribeBytes(OnePage("BT 3 Tr /F 12 Tf 20 400 Td (twenty letters in it) Tj ET", font));
  const SlotPage outside = DescribeBytes(OnePage("900 900 20 20 re f", ""));
  const SlotPage lines = DescribeBytes(OnePage("10 10 m 300 300 l 20 200 l S", ""));
  EXPECT_NEAR(text.facts[kFactGlyphs], std::log(20 / 200'000.0 + 1e-5), 0.1);
  EXPECT_EQ(text.facts[kFactGray], 1);
  EXPECT_LT(hidden.facts[kFactGlyphs], text.facts[kFactGlyphs] - 1);
  EXPECT_LT(outside.facts[kFactSegments], lines.facts[kFactSegments]);
  EXPECT_GT(lines.facts[kFactStrokeLength], text.facts[kFactStrokeLength]);
  EXPECT_LT(text.cost, kNeverDrawn);
}

TEST(SlotSurvey, APatternOfMillionsOfTilesIsNotDrawnToFindASlot) {
  const auto page = [](const char* step) {
    return OnePage("/Pattern cs /P scn 0 0 400 500 re f", "/Pattern<</P 5 0 R>>",
                   std::string("5 0 obj<</PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]") +
                       "/XStep " + step + "/YStep " + step +
                       "/Resources<<>>/Length 12>>stream\n0 0 9 9 re f\nendstream endobj\n");
  };
  EXPECT_GT(DescribeBytes(page("0.1")).cost, kNeverDrawn);
  EXPECT_LT(DescribeBytes(page("9")).cost, kNeverDrawn);
}

}  // namespace
}  // namespace cbzfs
