// What was drawn before does not show: pages have the same bytes in whatever order they are drawn.

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using namespace testing;  // NOLINT

// Fine noise, of which each way to make it smaller gives other pixels.
std::string Noise(size_t bytes) {
  std::string noise;
  uint32_t state = 1;
  for (size_t i = 0; i < bytes; ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>(state >> 24);
  }
  return noise;
}

// Page 1 shows a picture of 400 x 400 pixels at its full size, page 2 the same one much smaller.
// `as_glyph`: they show it as the only letter of a Type 3 font.
std::string OnePictureTwice(bool as_glyph) {
  PdfWriter pdf;
  const std::string colors = as_glyph ? "/ImageMask true /BitsPerComponent 1"
                                      : "/ColorSpace /DeviceGray /BitsPerComponent 8";
  const int image =
      pdf.AddStream(absl::StrCat("/Type /XObject /Subtype /Image /Width 400 /Height 400 ", colors),
                    Noise(as_glyph ? 400 * 50 : 400 * 400));
  const std::string images = absl::StrCat("/XObject << /Im0 ", image, " 0 R >>");
  std::string resources = images;
  if (as_glyph) {
    const int glyph = pdf.AddStream("", "1 0 0 0 1 1 d1 /Im0 Do");
    resources = absl::StrCat(
        "/Font << /F1 << /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] "
        "/FirstChar 65 /LastChar 65 /Widths [1] /Encoding << /Differences [65 /A] >> /CharProcs << "
        "/A ",
        glyph, " 0 R >> /Resources << ", images, " >> >> >>");
  }
  for (const int side : {400, 57}) {
    pdf.AddPage({.content = as_glyph ? absl::StrCat("BT /F1 ", side, " Tf 0 0 Td (A) Tj ET")
                                     : absl::StrCat("q ", side, " 0 0 ", side, " 0 0 cm /Im0 Do Q"),
                 .resources = resources,
                 .media_box = absl::StrCat("0 0 ", side + 5, " ", side + 5)});
  }
  return pdf.Finish();
}

class DrawOrder : public ::testing::TestWithParam<bool> {
 protected:
  // A fresh document of these bytes, with its page table.
  void Open() {
    pdf_.reset();
    auto pdf = OpenBytes(bytes_);
    ASSERT_TRUE(pdf.ok()) << pdf.status();
    pdf_ = *std::move(pdf);
    auto document = pdf_->Analyse(options_);
    ASSERT_TRUE(document.ok()) << document.status();
    document_ = *std::move(document);
    ASSERT_EQ(document_.pages.size(), 2u);
  }

  // Another document takes the engine, so that nothing is kept of this one.
  void Forget() {
    PdfWriter pdf;
    pdf.AddPage({.content = "0 0 10 10 re f"});
    ASSERT_TRUE(ProducePage(pdf.Finish()).ok());
  }

  std::string Page(uint32_t index) {
    const auto& row = document_.pages[index];
    const auto jpeg = pdf_->Produce(index, row, options_, row.payload_bytes);
    return jpeg.ok() ? jpeg->payload : std::string(jpeg.status().message());
  }

  std::string Small(uint32_t index) {
    const auto jpeg =
        pdf_->ProduceSmall(index, document_.pages[index], options_,
                           {.width = 61, .height = 61, .quality = 85, .max_payload = 100'000});
    return jpeg.ok() ? jpeg->payload : std::string(jpeg.status().message());
  }

  const std::string bytes_ = OnePictureTwice(GetParam());
  const AnalyseOptions options_ = {.dpi = 72};
  std::unique_ptr<Pdf> pdf_;
  Document document_;
};

TEST_P(DrawOrder, APictureDrawnLargeBeforeDoesNotShowWhereItIsSmall) {
  ASSERT_NO_FATAL_FAILURE(Open());
  Forget();
  const std::string alone = Page(1);
  EXPECT_GT(alone.size(), 500u) << alone;
  Forget();
  Page(0);
  EXPECT_TRUE(Page(1) == alone);
}

TEST_P(DrawOrder, WhatWasDrawnBeforeDoesNotShowInAThumbnail) {
  ASSERT_NO_FATAL_FAILURE(Open());
  const std::string after_analysis = Small(0);
  EXPECT_GT(after_analysis.size(), 500u) << after_analysis;
  Forget();
  const std::string alone = Small(0);
  EXPECT_TRUE(after_analysis == alone);
  Page(0);
  EXPECT_TRUE(Small(0) == alone);
}

TEST_P(DrawOrder, SlotsAreTheSameAfterPagesWereDrawn) {
  ASSERT_NO_FATAL_FAILURE(Open());
  Page(0);
  Page(1);
  const auto again = pdf_->Analyse(options_);
  ASSERT_TRUE(again.ok()) << again.status();
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again->pages.at(i).payload_bytes, document_.pages[i].payload_bytes) << "page " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Pictures, DrawOrder, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "InAFont" : "OnThePage"; });

}  // namespace
}  // namespace cbzfs
