// Sizes of pages and what is on them, against `mutool draw`.

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using namespace testing;  // NOLINT

constexpr char kDrawing[] =
    "0.9 0.95 1 rg 20 20 150 60 re f 1 0 0 RG 3 w 30 30 m 90 75 120 10 160 70 c S "
    "0 0 1 rg BT /F1 18 Tf 40 45 Td (Page) Tj ET";
constexpr char kFont[] = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >> >>";

std::string Drawing(const std::string& box, const std::string& entries = "") {
  PdfWriter pdf;
  pdf.AddPage({.content = kDrawing, .resources = kFont, .media_box = box, .entries = entries});
  return pdf.Finish();
}

Page PageOf(const std::string& pdf, const AnalyseOptions& options) {
  const auto document = AnalyseBytes(pdf, options);
  EXPECT_TRUE(document.ok()) << document.status();
  return document.ok() ? document->pages.at(0) : Page();
}

struct Shape {
  const char* name;
  const char* box;
  const char* entries;
  uint32_t dpi;
};
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

class DrawnLikeMutool : public ::testing::TestWithParam<Shape> {};

TEST_P(DrawnLikeMutool, SizeAndPixels) {
  const Shape& shape = GetParam();
  const std::string pdf = Drawing(shape.box, shape.entries);
  const Picture expected = Mutool(pdf, shape.dpi);
  ASSERT_GT(expected.width, 0) << "mutool did not draw";
  const AnalyseOptions options = {.dpi = shape.dpi, .quality = 85};
  const Page page = PageOf(pdf, options);
  EXPECT_EQ(page.kind, PageKind::kDrawn);
  EXPECT_EQ(page.width, static_cast<uint32_t>(expected.width));
  EXPECT_EQ(page.height, static_cast<uint32_t>(expected.height));
  EXPECT_EQ(page.dpi, static_cast<float>(shape.dpi));
  const auto jpeg = ProducePage(pdf, 0, options);
  ASSERT_TRUE(jpeg.ok()) << jpeg.status();
  EXPECT_GT(Psnr(ReadJpeg(WholeJpeg(*jpeg)), expected), 30);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, DrawnLikeMutool,
    ::testing::Values(Shape{"Plain", "0 0 200 100", "", 150},
                      Shape{"OddDpi", "0 0 200 100", "", 97},
                      Shape{"Fractions", "0 0 199.7 100.3", "", 110},
                      Shape{"Offset", "-7.5 -3 192.5 97", "", 144},
                      Shape{"FarAway", "100000 50000 100200.2 50100.4", "", 150},
                      Shape{"Reversed", "200 100 0 0", "", 100},
                      Shape{"Turned", "0 0 200 100", "/Rotate 90", 150},
                      Shape{"TurnedBack", "0 0 200 100", "/Rotate -90", 150},
                      Shape{"UpsideDown", "0 0 200 100", "/Rotate 540", 150},
                      Shape{"Askew", "0 0 200 100", "/Rotate 100", 150},
                      Shape{"UserUnit", "0 0 200 100", "/UserUnit 2.5", 72},
                      Shape{"Cropped", "0 0 200 100", "/CropBox [20.4 10 180 91]", 150},
                      Shape{"CropOutside", "0 0 200 100", "/CropBox [-50 -50 150 300]", 150},
                      Shape{"EmptyCrop", "0 0 200 100", "/CropBox [5 5 5 5]", 150},
                      Shape{"NoArea", "0 0 0 0", "", 50}, Shape{"Sliver", "0 0 200 0.5", "", 72},
                      Shape{"Group", "0 0 200 100", "/Group << /S /Transparency /CS /DeviceRGB >>",
                            150}),
    [](const auto& param) { return param.param.name; });

TEST(Draw, MediaBoxOptionIgnoresTheCropBox) {
  for (const char* group : {"", "/Group << /S /Transparency >>"}) {
    const std::string cropped =
        Drawing("0 0 200 100", absl::StrCat("/CropBox [20 10 180 90] ", group));
    const AnalyseOptions options = {.dpi = 100, .box = AnalyseOptions::Box::kMedia};
    const auto jpeg = ProducePage(cropped, 0, options);
    ASSERT_TRUE(jpeg.ok()) << jpeg.status();
    const Picture whole = Mutool(Drawing("0 0 200 100", group), 100);
    EXPECT_GT(Psnr(ReadJpeg(WholeJpeg(*jpeg)), whole), 30);
  }
}

TEST(Draw, MediaBoxOptionLeavesThePdfAsItIs) {
  const std::string cropped = Drawing("0 0 200 100", "/CropBox [20 10 180 90]");
  const auto pdf = OpenBytes(cropped);
  ASSERT_TRUE(pdf.ok());
  const AnalyseOptions media = {.dpi = 72, .box = AnalyseOptions::Box::kMedia};
  const AnalyseOptions crop = {.dpi = 72};
  const Page large = (*pdf)->Analyse(media)->pages[0];
  const Page small = (*pdf)->Analyse(crop)->pages[0];
  EXPECT_EQ(large.width, 200u);
  EXPECT_EQ(small.width, 160u);
  for (int round = 0; round < 2; ++round) {
    const auto a = (*pdf)->Produce(0, large, media, large.payload_bytes);
    const auto b = (*pdf)->Produce(0, small, crop, small.payload_bytes);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(ReadJpeg(WholeJpeg(*a)).width, 200);
    EXPECT_EQ(ReadJpeg(WholeJpeg(*b)).width, 160);
  }
}

TEST(Draw, InheritedCropBoxIsHonouredAndIgnoredAlike) {
  PdfWriter pdf;
  const int page = pdf.AddPage({.content = kDrawing, .resources = kFont});
  const int node = pdf.Add(
      absl::StrCat("<< /Type /Pages /Count 1 /Kids [", page, " 0 R] /CropBox [0 0 50 60] >>"));
  pdf.kids = absl::StrCat(node, " 0 R");
  std::string bytes = pdf.Finish();
  // The page names the root as its parent; let it name the node, which has as many digits.
  const std::string parent = absl::StrCat("/Parent ", node, " 0 R");
  bytes.replace(bytes.find("/Parent 2 0 R"), parent.size(), parent);
  EXPECT_EQ(PageOf(bytes, {.dpi = 72}).width, 50u);
  EXPECT_EQ(PageOf(bytes, {.dpi = 72, .box = AnalyseOptions::Box::kMedia}).width, 200u);
}

TEST(Draw, LargePagesAreMadeSmallerByTheSeedsFormula) {
  // 10 000 x 8 000 at 72 dpi: r = sqrt(50e6 / 80e6).
  const std::string pdf = Drawing("0 0 10000 8000");
  const Page page = PageOf(pdf, {.dpi = 72});
  EXPECT_EQ(page.width, 7905u);
  EXPECT_EQ(page.height, 6324u);
  EXPECT_NEAR(page.dpi, 72 * 0.7905, 0.01);
  const auto jpeg = ProducePage(pdf, 0, {.dpi = 72, .quality = 50});
  ASSERT_TRUE(jpeg.ok()) << jpeg.status();
  const Picture picture = ReadJpeg(WholeJpeg(*jpeg));
  EXPECT_EQ(picture.width, 7905);
  EXPECT_EQ(picture.height, 6324);
}

TEST(Draw, NoSideIsLongerThanAJpegMayBe) {
  for (const char* box : {"0 0 100000 10", "0 0 1e9 5", "0 0 3 9e30", "0 0 1e38 1e38"}) {
    const Page page = PageOf(Drawing(box), {.dpi = 72});
    EXPECT_GE(page.width, 1u) << box;
    EXPECT_GE(page.height, 1u) << box;
    EXPECT_LE(page.width, kMaxPageSide) << box;
    EXPECT_LE(page.height, kMaxPageSide) << box;
    EXPECT_LE(uint64_t{page.width} * page.height, kMaxPagePixels) << box;
    EXPECT_TRUE(std::isfinite(page.dpi)) << box;
  }
  const auto thin = ProducePage(Drawing("0 0 100000 10"), 0, {.dpi = 72});
  ASSERT_TRUE(thin.ok()) << thin.status();
  EXPECT_EQ(ReadJpeg(WholeJpeg(*thin)).width, 65'500);
}

TEST(Draw, AutomaticResolutionIsTheLargestImages) {
  const auto dpi = [](double side, const std::string& place) {
    PdfWriter pdf;
    const int big = pdf.AddJpeg(MakeJpeg({.width = 400, .height = 400}), 400, 400);
    const int small = pdf.AddJpeg(MakeJpeg({.width = 16, .height = 16}), 16, 16);
    pdf.AddPage(
        {.content = absl::StrCat("q ", side, " 0 0 ", side, " 0 0 cm /Big Do Q ", place),
         .resources = absl::StrCat("/XObject << /Big ", big, " 0 R /Small ", small, " 0 R >>"),
         .media_box = "0 0 400 400"});
    return PageOf(pdf.Finish(), {}).dpi;
  };
  EXPECT_FLOAT_EQ(dpi(144, ""), 200);
  EXPECT_FLOAT_EQ(dpi(144, "q 9 0 0 9 200 200 cm /Small Do Q"), 200);
  EXPECT_FLOAT_EQ(dpi(100, ""), 288);
  EXPECT_FLOAT_EQ(dpi(50, ""), 300);   // 576, clamped
  EXPECT_FLOAT_EQ(dpi(390, ""), 150);  // 74, clamped
  EXPECT_FLOAT_EQ(PageOf(Drawing("0 0 200 100"), {}).dpi, 200);
}

TEST(Draw, AFullPageImageIsDrawnPixelByPixel) {
  // 203 dpi, an odd figure, and not a DCT image: the raster has the image's own pixels.
  PdfWriter pdf;
  std::string pixels;
  for (int i = 0; i < 203 * 203; ++i) pixels += static_cast<char>((i * 37) % 251);
  const int image = pdf.AddStream(
      "/Subtype /Image /Width 203 /Height 203 /ColorSpace /DeviceGray /BitsPerComponent 8", pixels);
  pdf.AddScan(image, 72, 72);
  const Page page = PageOf(pdf.Finish(), {});
  EXPECT_EQ(page.width, 203u);
  EXPECT_EQ(page.height, 203u);
  EXPECT_TRUE(page.gray);
}

TEST(Draw, GrayPagesHaveOneComponentAndColouredThree) {
  const auto gray = [](const std::string& content, const std::string& resources = kFont) {
    PdfWriter pdf;
    pdf.AddPage({.content = content, .resources = resources});
    const std::string bytes = pdf.Finish();
    const Page page = PageOf(bytes, {.dpi = 72});
    const auto jpeg = ProducePage(bytes, 0, {.dpi = 72});
    EXPECT_TRUE(jpeg.ok()) << jpeg.status();
    EXPECT_EQ(jpeg->components, page.gray ? 1u : 3u) << content;
    EXPECT_GT(Psnr(ReadJpeg(WholeJpeg(*jpeg)), Mutool(bytes, 72)), 30) << content;
    return page.gray;
  };
  EXPECT_TRUE(gray("0.5 g 10 10 50 50 re f BT /F1 20 Tf 80 40 Td (Gray) Tj ET"));
  EXPECT_FALSE(gray(kDrawing));
  // One component, but of red ink.
  EXPECT_FALSE(gray("q 100 0 0 80 9 9 cm BI /W 1 /H 1 /CS /Spot /BPC 8 ID \x7f EI Q",
                    "/ColorSpace << /Spot [/Separation /Red /DeviceRGB << /FunctionType 2 "
                    "/Domain [0 1] /C0 [1 1 1] /C1 [1 0 0] /N 1 >>] >>"));
}

TEST(Draw, AnImageOfOneInkIsNotGray) {
  PdfWriter pdf;
  const int image = pdf.AddStream(
      "/Subtype /Image /Width 2 /Height 2 /BitsPerComponent 8 /ColorSpace [/Separation /Red "
      "/DeviceRGB << /FunctionType 2 /Domain [0 1] /C0 [1 1 1] /C1 [1 0 0] /N 1 >>]",
      "\x10\x60\xA0\xF0");
  pdf.AddScan(image, 100, 100);
  EXPECT_FALSE(PageOf(pdf.Finish(), {}).gray);
}

TEST(Draw, AnnotationsAreDrawn) {
  const std::string pdf = Drawing("0 0 200 100",
                                  "/Annots [<< /Type /Annot /Subtype /Square /Rect [100 10 190 90] "
                                  "/IC [0 1 0] /C [0 0.5 0] >>]");
  const auto jpeg = ProducePage(pdf, 0, {.dpi = 100});
  ASSERT_TRUE(jpeg.ok());
  const Picture drawn = ReadJpeg(WholeJpeg(*jpeg));
  EXPECT_GT(Psnr(drawn, Mutool(pdf, 100)), 30);
  EXPECT_LT(Psnr(drawn, Mutool(Drawing("0 0 200 100"), 100)), 20);
}

TEST(Draw, ErrorsInTheContentAreNoFailure) {
  for (const char* junk : {"/None Do ", "(unended", "<< /a ", "q q q Q Q Q Q Q ", "/X gs /Y sh ",
                           "]]]]>> 1 2 3 4 5 cm ", "BI /W 9 /H 9 ID nothing EI "}) {
    PdfWriter pdf;
    pdf.AddPage({.content = absl::StrCat("1 0 0 rg 0 0 99 99 re f ", junk)});
    const std::string bytes = pdf.Finish();
    const auto jpeg = ProducePage(bytes, 0, {.dpi = 72});
    ASSERT_TRUE(jpeg.ok()) << junk << jpeg.status();
    EXPECT_GT(Psnr(ReadJpeg(WholeJpeg(*jpeg)), Mutool(bytes, 72)), 30) << junk;
  }
}

TEST(Draw, SamePageSameBytes) {
  const std::string pdf = Drawing("0 0 200 100");
  const auto first = ProducePage(pdf);
  ASSERT_TRUE(first.ok());
  for (int round = 0; round < 3; ++round) EXPECT_EQ(ProducePage(pdf)->payload, first->payload);
}

TEST(Draw, PagesAreFoundInAnyOrder) {
  PdfWriter writer;
  for (int i = 1; i <= 5; ++i) {
    writer.AddPage({.content = "", .media_box = absl::StrCat("0 0 ", i * 10, " 20")});
  }
  const std::string bytes = writer.Finish();
  auto pdf = OpenBytes(bytes);
  ASSERT_TRUE(pdf.ok());
  const AnalyseOptions options = {.dpi = 72};
  for (const uint32_t i : {3u, 0u, 4u, 1u, 2u}) {
    const Page page = {.width = (i + 1) * 10, .height = 20, .dpi = 72};
    const auto jpeg = (*pdf)->Produce(i, page, options, 100'000);
    ASSERT_TRUE(jpeg.ok()) << jpeg.status();
    EXPECT_EQ(ReadJpeg(WholeJpeg(*jpeg)).width, static_cast<int>(page.width));
  }
  EXPECT_TRUE(absl::IsNotFound(
      (*pdf)->Produce(5, {.width = 9, .height = 9, .dpi = 72}, options, 100'000).status()));
}

TEST(Draw, ImpossibleRowsAreRefused) {
  const std::string bytes = Drawing("0 0 200 100");
  auto pdf = OpenBytes(bytes);
  ASSERT_TRUE(pdf.ok());
  for (const Page& page : {Page{}, Page{.width = 60'000, .height = 60'000, .dpi = 72},
                           Page{.width = 10, .height = 10, .dpi = -1}}) {
    EXPECT_TRUE(absl::IsInvalidArgument((*pdf)->Produce(0, page, {}, 1 << 20).status()));
  }
}

}  // namespace
}  // namespace cbzfs
