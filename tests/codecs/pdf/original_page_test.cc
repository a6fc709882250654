// Which pages are served as the JPEG they are, and which traps make a page a drawn one.

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using namespace testing;  // NOLINT

constexpr int kWidth = 200;
constexpr int kHeight = 100;

std::string Scan(const std::string& jpeg,
                 const std::string& image_entries = "/ColorSpace /DeviceRGB",
                 const std::string& before = "", const std::string& after = "",
                 const std::string& page_entries = "") {
  PdfWriter pdf;
  const int image = pdf.AddJpeg(jpeg, kWidth, kHeight, image_entries);
  pdf.AddScan(image, kWidth, kHeight, before, after, page_entries);
  return pdf.Finish();
}

// A page with `content`, image /Im0 and `resources` beside it.
std::string PageWith(const std::string& content, const std::string& resources = "",
                     const std::string& entries = "", const std::string& box = "0 0 200 100") {
  PdfWriter pdf;
  const int image = pdf.AddJpeg(MakeJpeg({}), kWidth, kHeight);
  std::string all = resources;
  if (all.find("/XObject") == std::string::npos) all += " /XObject << /Im0 @ >>";
  while (all.find('@') != std::string::npos) {
    all.replace(all.find('@'), 1, absl::StrCat(image, " 0 R"));
  }
  pdf.AddPage({.content = content, .resources = all, .media_box = box, .entries = entries});
  return pdf.Finish();
}

PageKind KindOf(const std::string& pdf, const AnalyseOptions& options = {}) {
  const auto document = AnalyseBytes(pdf, options);
  EXPECT_TRUE(document.ok()) << document.status();
  if (!document.ok() || document->pages.size() != 1) return static_cast<PageKind>(99);
  const Page& page = document->pages[0];
  // Whatever is drawn is drawn for a reason.
  EXPECT_EQ(page.kind == PageKind::kDrawn, page.why_drawn != WhyDrawn::kUnknown);
  return page.kind;
}

WhyDrawn WhyOf(const std::string& pdf, const AnalyseOptions& options = {}) {
  const auto document = AnalyseBytes(pdf, options);
  EXPECT_TRUE(document.ok()) << document.status();
  return document.ok() ? document->pages[0].why_drawn : WhyDrawn::kUnknown;
}

constexpr char kPlace[] = "q 200 0 0 100 0 0 cm /Im0 Do Q ";

#define EXPECT_ORIGINAL(pdf) EXPECT_EQ(KindOf(pdf), PageKind::kOriginal)
#define EXPECT_DRAWN(pdf) EXPECT_EQ(KindOf(pdf), PageKind::kDrawn)

TEST(OriginalPage, RangeIsTheStreamWithoutItsEoi) {
  const std::string jpeg = MakeJpeg({});
  PdfWriter pdf;
  const int image = pdf.AddJpeg(jpeg, kWidth, kHeight);
  pdf.AddScan(image, 96, 48);
  const std::string bytes = pdf.Finish();
  const auto document = AnalyseBytes(bytes);
  ASSERT_TRUE(document.ok()) << document.status();
  ASSERT_EQ(document->pages.size(), 1u);
  const Page& page = document->pages[0];
  EXPECT_EQ(page.kind, PageKind::kOriginal);
  EXPECT_EQ(page.width, 200u);
  EXPECT_EQ(page.height, 100u);
  EXPECT_FALSE(page.gray);
  EXPECT_FLOAT_EQ(page.dpi, 150);
  EXPECT_EQ(page.source_offset, pdf.DataOffset(image));
  EXPECT_EQ(page.insert, -1);
  EXPECT_EQ(OriginalBytes(*document, page, bytes) + "\xFF\xD9", jpeg);
}

TEST(OriginalPage, GrayAndProgressiveAreTaken) {
  const std::string bytes =
      Scan(MakeJpeg({.components = 1, .progressive = true}), "/ColorSpace /DeviceGray");
  const auto document = AnalyseBytes(bytes);
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->pages[0].kind, PageKind::kOriginal);
  EXPECT_TRUE(document->pages[0].gray);
}

TEST(OriginalPage, OptionTurnsItOff) {
  EXPECT_EQ(KindOf(Scan(MakeJpeg({})), {.original = false}), PageKind::kDrawn);
}

TEST(OriginalPage, ThePageSaysWhyItIsDrawn) {
  const std::string jpeg = MakeJpeg({});
  EXPECT_EQ(WhyOf(Scan(jpeg)), WhyDrawn::kUnknown);
  EXPECT_EQ(WhyOf(Scan(jpeg), {.original = false}), WhyDrawn::kNotAsked);
  EXPECT_EQ(WhyOf(PageWith("")), WhyDrawn::kNothing);
  EXPECT_EQ(WhyOf(PageWith(absl::StrCat(kPlace, "BT (x) Tj ET"))), WhyDrawn::kText);
  EXPECT_EQ(WhyOf(PageWith(absl::StrCat(kPlace, "0 0 9 9 re f"))), WhyDrawn::kLines);
  EXPECT_EQ(WhyOf(PageWith(absl::StrCat(kPlace, kPlace))), WhyDrawn::kSecondImage);
  EXPECT_EQ(WhyOf(Scan(jpeg, "/ColorSpace /DeviceRGB /Filter [/DCTDecode /DCTDecode]")),
            WhyDrawn::kNotJpeg);
  EXPECT_EQ(WhyOf(PageWith(absl::StrCat("q 10 10 20 20 re W n ", kPlace, "Q"))),
            WhyDrawn::kClipped);
  EXPECT_EQ(WhyOf(PageWith(absl::StrCat("/G gs ", kPlace), "/ExtGState << /G << /ca 0.5 >> >>")),
            WhyDrawn::kTransparent);
  EXPECT_EQ(WhyOf(PageWith(absl::StrCat("/OC /X BDC ", kPlace, "EMC"))), WhyDrawn::kLayers);
  EXPECT_EQ(WhyOf(PageWith(kPlace, "", "/Annots [<< /Subtype /Text /Rect [0 0 9 9] >>]")),
            WhyDrawn::kAnnotations);
  EXPECT_EQ(WhyOf(Scan(jpeg, "/ColorSpace /DeviceRGB /Decode [1 0 1 0 1 0]")), WhyDrawn::kMasked);
  EXPECT_EQ(WhyOf(Scan(jpeg, "/ColorSpace /DeviceCMYK")), WhyDrawn::kColours);
  EXPECT_EQ(WhyOf(PageWith(kPlace, "", "/Rotate 90")), WhyDrawn::kTurned);
  EXPECT_EQ(WhyOf(PageWith(kPlace, "", "", "0 0 250 100")), WhyDrawn::kSize);
  EXPECT_EQ(WhyOf(Scan(MakeJpeg({.components = 1}), "/ColorSpace /DeviceRGB")), WhyDrawn::kCoding);
}

TEST(OriginalPage, SpellingsOfTheSameImageAreTaken) {
  EXPECT_ORIGINAL(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Filter [/DCTDecode]"));
  EXPECT_ORIGINAL(Scan(MakeJpeg({}), "/ColorSpace [/CalRGB << /WhitePoint [1 1 1] >>]"));
  EXPECT_ORIGINAL(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Decode [0 1 0 1 0 1]"));
  EXPECT_ORIGINAL(
      Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /DecodeParms << /ColorTransform 1 >>"));
  EXPECT_ORIGINAL(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Interpolate true"));
}

TEST(OriginalPage, BytesBehindTheEoiAreDropped) {
  const std::string jpeg = MakeJpeg({});
  const std::string bytes = Scan(jpeg + std::string(300, '\0'));
  const auto document = AnalyseBytes(bytes);
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->pages[0].kind, PageKind::kOriginal);
  EXPECT_EQ(document->pages[0].source_bytes, jpeg.size() - 2);
}

TEST(OriginalPage, WithoutAnEoiTheWholeStreamIsTaken) {
  const std::string jpeg = MakeJpeg({});
  const auto document = AnalyseBytes(Scan(jpeg.substr(0, jpeg.size() - 2)));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->pages[0].kind, PageKind::kOriginal);
  EXPECT_EQ(document->pages[0].source_bytes, jpeg.size() - 2);
}

TEST(OriginalPage, InvisibleTextIsAllowed) {
  const std::string font = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";
  EXPECT_ORIGINAL(
      PageWith(absl::StrCat(kPlace, "BT 3 Tr /F1 9 Tf 10 10 Td (seen by OCR) Tj ET"), font));
  EXPECT_ORIGINAL(PageWith(
      absl::StrCat("BT /F1 9 Tf 3 Tr 1 0 0 1 10 10 Tm [(a) -20 (b)] TJ ET ", kPlace), font));
}

TEST(OriginalPage, InvisibleTextInAFormIsAllowed) {
  PdfWriter pdf;
  const int image = pdf.AddJpeg(MakeJpeg({}), kWidth, kHeight);
  const int form = pdf.AddStream(
      "/Type /XObject /Subtype /Form /BBox [0 0 50 50] /Resources << /Font << /F1 << /Type /Font "
      "/Subtype /Type1 /BaseFont /Helvetica >> >> >>",
      "BT 3 Tr /F1 9 Tf (text) Tj ET");
  pdf.AddPage(
      {.content = absl::StrCat(kPlace, "/Fm0 Do"),
       .resources = absl::StrCat("/XObject << /Im0 ", image, " 0 R /Fm0 ", form, " 0 R >>")});
  EXPECT_ORIGINAL(pdf.Finish());
}

TEST(OriginalPage, VisibleTextIsDrawn) {
  const std::string font = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";
  EXPECT_DRAWN(PageWith(absl::StrCat(kPlace, "BT /F1 9 Tf (seen) Tj ET"), font));
  EXPECT_DRAWN(PageWith(absl::StrCat(kPlace, "BT q 3 Tr Q /F1 9 Tf (seen) Tj ET"), font));
  // Text as a clip hides most of what follows; Type 3 glyphs show in every mode.
  EXPECT_DRAWN(PageWith(absl::StrCat("BT /F1 9 Tf 7 Tr (clip) Tj ET ", kPlace), font));
  EXPECT_DRAWN(PageWith(absl::StrCat(kPlace, "BT 3 Tr /F1 9 Tf (a) Tj ET"),
                        "/Font << /F1 << /Type /Font /Subtype /Type3 >> >>"));
}

TEST(OriginalPage, OtherMarksAreDrawn) {
  EXPECT_DRAWN(PageWith(absl::StrCat(kPlace, "0 0 5 5 re f")));
  EXPECT_DRAWN(PageWith(absl::StrCat(kPlace, "0 0 m 9 9 l S")));
  EXPECT_DRAWN(PageWith(absl::StrCat(kPlace, kPlace)));
  EXPECT_DRAWN(
      PageWith(absl::StrCat(kPlace, "/Sh0 sh"), "/Shading << /Sh0 << /ShadingType 2 >> >>"));
  EXPECT_DRAWN(PageWith(absl::StrCat(kPlace, "BI /W 1 /H 1 /CS /G /BPC 8 ID x EI")));
  EXPECT_DRAWN(PageWith("0 0 5 5 re f"));
  EXPECT_DRAWN(PageWith(""));
}

TEST(OriginalPage, AFormThatPaintsIsDrawn) {
  PdfWriter pdf;
  const int image = pdf.AddJpeg(MakeJpeg({}), kWidth, kHeight);
  const int form = pdf.AddStream("/Type /XObject /Subtype /Form /BBox [0 0 50 50]", "0 0 9 9 re f");
  pdf.AddPage(
      {.content = absl::StrCat(kPlace, "/Fm0 Do"),
       .resources = absl::StrCat("/XObject << /Im0 ", image, " 0 R /Fm0 ", form, " 0 R >>")});
  EXPECT_DRAWN(pdf.Finish());
}

TEST(OriginalPage, AnImageInAFormIsTakenUnlessTheFormClipsIt) {
  for (const bool clips : {false, true}) {
    PdfWriter pdf;
    const int image = pdf.AddJpeg(MakeJpeg({}), kWidth, kHeight);
    const int form = pdf.AddStream(
        absl::StrCat("/Type /XObject /Subtype /Form /Matrix [2 0 0 2 0 0] /BBox [0 0 100 ",
                     clips ? 40 : 50, "] /Resources << /XObject << /Im0 ", image, " 0 R >> >>"),
        "q 100 0 0 50 0 0 cm /Im0 Do Q");
    pdf.AddPage(
        {.content = "/Fm0 Do", .resources = absl::StrCat("/XObject << /Fm0 ", form, " 0 R >>")});
    EXPECT_EQ(KindOf(pdf.Finish()), clips ? PageKind::kDrawn : PageKind::kOriginal);
  }
}

TEST(OriginalPage, FormsInFormsEndSoon) {
  PdfWriter pdf;
  const int image = pdf.AddJpeg(MakeJpeg({}), kWidth, kHeight);
  int form = image;
  for (int depth = 0; depth < 40; ++depth) {
    const std::string twice = depth == 0 ? "q 200 0 0 100 0 0 cm /X Do Q" : "/X Do /X Do";
    form = pdf.AddStream(absl::StrCat("/Type /XObject /Subtype /Form /BBox [0 0 200 100] "
                                      "/Resources << /XObject << /X ",
                                      form, " 0 R >> >>"),
                         twice);
  }
  pdf.AddPage({.content = "/X Do", .resources = absl::StrCat("/XObject << /X ", form, " 0 R >>")});
  // 2^39 pictures if they were followed to the end.
  EXPECT_DRAWN(pdf.Finish());
}

TEST(OriginalPage, ClipsThatHideNothingAreAllowed) {
  EXPECT_ORIGINAL(PageWith(absl::StrCat("q 0 0 200 100 re W n ", kPlace, "Q")));
  EXPECT_ORIGINAL(PageWith(absl::StrCat("q 0 100 200 -100 re W* n ", kPlace, "Q")));
  EXPECT_ORIGINAL(PageWith(absl::StrCat("q -9 -9 999 999 re W n ", kPlace, "Q")));
}

TEST(OriginalPage, ClipsThatHideSomethingAreDrawn) {
  EXPECT_DRAWN(PageWith(absl::StrCat("q 0 0 200 90 re W n ", kPlace, "Q")));
  EXPECT_DRAWN(PageWith(absl::StrCat("q 0 0 200 100 re 0 0 9 9 re W* n ", kPlace, "Q")));
  EXPECT_DRAWN(PageWith(absl::StrCat("q 0 0 200 100 re n W n ", kPlace, "Q")));  // of no path
  EXPECT_DRAWN(PageWith(absl::StrCat("q 0 0 m 200 0 l 200 100 l h W n ", kPlace, "Q")));
  EXPECT_DRAWN(PageWith(absl::StrCat("q .7 .7 -.7 .7 0 0 cm 0 0 900 900 re W n Q ", kPlace)));
}

TEST(OriginalPage, GraphicsStatesCountWhenTheyChangeThePicture) {
  const auto with = [](const std::string& gs) {
    return PageWith(absl::StrCat("/G gs ", kPlace),
                    absl::StrCat("/ExtGState << /G << ", gs, " >> >>"));
  };
  EXPECT_ORIGINAL(with("/ca 1 /CA 1 /BM /Normal /SMask /None /OP true /SA true"));
  EXPECT_DRAWN(with("/ca 0.5"));
  EXPECT_DRAWN(with("/BM /Multiply"));
  EXPECT_DRAWN(with("/BM [/Screen /Normal]"));
  EXPECT_DRAWN(with("/SMask << /S /Luminosity >>"));
  EXPECT_DRAWN(with("/TR << /FunctionType 2 /N 1 >>"));
}

TEST(OriginalPage, TurnedMirroredAndSkewedAreDrawn) {
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB", "", "", "/Rotate 90"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB", "", "", "/Rotate -180"));
  EXPECT_ORIGINAL(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB", "", "", "/Rotate 360"));
  EXPECT_DRAWN(PageWith("q -200 0 0 100 200 0 cm /Im0 Do Q"));
  EXPECT_DRAWN(PageWith("q 200 0 0 -100 0 100 cm /Im0 Do Q"));
  EXPECT_DRAWN(PageWith("q 0 100 -200 0 200 0 cm /Im0 Do Q"));
  EXPECT_DRAWN(PageWith("q 200 0 9 100 0 0 cm /Im0 Do Q"));
}

TEST(OriginalPage, EdgesMayBeHalfAPixelOff) {
  EXPECT_ORIGINAL(PageWith("q 200.3 0 0 100.1 -.2 0 cm /Im0 Do Q"));
  EXPECT_DRAWN(PageWith("q 190 0 0 95 5 2.5 cm /Im0 Do Q"));    // margins
  EXPECT_DRAWN(PageWith("q 220 0 0 110 -10 -5 cm /Im0 Do Q"));  // cut at the edges
  EXPECT_DRAWN(PageWith(kPlace, "", "/CropBox [10 10 190 90]"));
  EXPECT_ORIGINAL(PageWith("q 100 0 0 50 30 40 cm /Im0 Do Q", "", "/CropBox [30 40 130 90]"));
  EXPECT_ORIGINAL(PageWith(kPlace, "", "/UserUnit 2"));
}

TEST(OriginalPage, BoxOptionDecidesWhatHasToBeCovered) {
  const std::string pdf = PageWith(kPlace, "", "/CropBox [10 10 190 90]");
  EXPECT_EQ(KindOf(pdf, {.box = AnalyseOptions::Box::kMedia}), PageKind::kOriginal);
}

TEST(OriginalPage, PixelsMustBeSquare) {
  PdfWriter pdf;
  const int image = pdf.AddJpeg(MakeJpeg({}), kWidth, kHeight);
  pdf.AddScan(image, 100, 100);
  EXPECT_DRAWN(pdf.Finish());
}

TEST(OriginalPage, TheFrameMustBeWhatTheDictionarySays) {
  EXPECT_DRAWN(Scan(MakeJpeg({.width = 1, .height = 1})));
  EXPECT_DRAWN(Scan(MakeJpeg({.components = 1})));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceGray"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /BitsPerComponent 4"));
  EXPECT_DRAWN(Scan("no jpeg at all, but long enough to be looked at"));
}

TEST(OriginalPage, FilterChainsAreDrawn) {
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Filter [/FlateDecode /DCTDecode]"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Filter [/ASCIIHexDecode /DCTDecode]"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Filter [/DCTDecode /FlateDecode]"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Filter /FlateDecode"));
}

TEST(OriginalPage, MasksAndDecodeArraysAreDrawn) {
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /SMask 3 0 R"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Mask [0 9 0 9 0 9]"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /Decode [1 0 1 0 1 0]"));
  EXPECT_DRAWN(Scan(MakeJpeg({.components = 1}), "/ImageMask true"));
}

TEST(OriginalPage, OtherColourSpacesAreDrawn) {
  EXPECT_DRAWN(Scan(MakeJpeg({.components = 4}), "/ColorSpace /DeviceCMYK"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace [/Lab << /WhitePoint [1 1 1] >>]"));
  EXPECT_DRAWN(
      Scan(MakeJpeg({.components = 1}), "/ColorSpace [/Indexed /DeviceRGB 1 <000000FFFFFF>]"));
  EXPECT_DRAWN(Scan(MakeJpeg({.components = 1}),
                    "/ColorSpace [/Separation /Red /DeviceRGB << /FunctionType 2 /Domain [0 1] "
                    "/C0 [1 1 1] /C1 [1 0 0] /N 1 >>]"));
  EXPECT_DRAWN(Scan(MakeJpeg({}), ""));
}

TEST(OriginalPage, ColourTransformMustBeWhatAFileWouldMean) {
  EXPECT_ORIGINAL(Scan(MakeJpeg({.store_rgb = true})));  // Adobe's marker says the same to both
  EXPECT_DRAWN(Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB /DecodeParms << /ColorTransform 0 >>"));
  // Named R, G, B without a marker: RGB in a file, YCbCr in a PDF.
  std::string unmarked = MakeJpeg({.store_rgb = true});
  unmarked.erase(unmarked.find("\xFF\xEE", 0, 2), 16);
  EXPECT_DRAWN(Scan(unmarked));
}

TEST(OriginalPage, CodingsThatNotEveryDecoderReadsAreDrawn) {
  for (const auto& [at, value] :
       {std::pair{1, '\xC9'}, std::pair{1, '\xC3'}, std::pair{4, '\x0C'}}) {
    std::string jpeg = MakeJpeg({});
    jpeg[jpeg.find("\xFF\xC0", 0, 2) + at] = value;
    EXPECT_DRAWN(Scan(jpeg));
  }
}

TEST(OriginalPage, AnOrientationInTheJpegIsDrawn) {
  // A PDF ignores EXIF, a viewer of pictures does not.
  const std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
                         32);
  EXPECT_DRAWN(Scan(WithSegment(MakeJpeg({}), 0xE1, exif)));
}

TEST(OriginalPage, VisibleAnnotationsAreDrawn) {
  const auto with = [](const std::string& annotation) {
    return Scan(MakeJpeg({}), "/ColorSpace /DeviceRGB", "", "",
                absl::StrCat("/Annots [<< /Type /Annot /Rect [9 9 50 50] ", annotation, " >>]"));
  };
  EXPECT_ORIGINAL(with("/Subtype /Link"));
  EXPECT_ORIGINAL(with("/Subtype /Popup"));
  EXPECT_ORIGINAL(with("/Subtype /Stamp /F 2"));
  EXPECT_DRAWN(with("/Subtype /Square /C [1 0 0]"));
  EXPECT_DRAWN(with("/Subtype /Widget /FT /Tx /T (name)"));
}

TEST(OriginalPage, HiddenLayersAreDrawnAndShownOnesAreNot) {
  for (const bool hidden : {false, true}) {
    PdfWriter pdf;
    const int layer = pdf.Add("<< /Type /OCG /Name (layer) >>");
    const int image = pdf.AddJpeg(MakeJpeg({}), kWidth, kHeight);
    pdf.AddPage({.content = absl::StrCat("/OC /L BDC ", kPlace, "EMC"),
                 .resources = absl::StrCat("/XObject << /Im0 ", image, " 0 R >> /Properties << /L ",
                                           layer, " 0 R >>")});
    pdf.catalog_entries = absl::StrCat("/OCProperties << /OCGs [", layer, " 0 R] /D << ",
                                       hidden ? "/OFF" : "/ON", " [", layer, " 0 R] >> >>");
    EXPECT_EQ(KindOf(pdf.Finish()), hidden ? PageKind::kDrawn : PageKind::kOriginal);
  }
}

TEST(OriginalPage, AWrongLengthIsDrawn) {
  for (const int wrong : {-200, 200}) {
    const std::string jpeg = MakeJpeg({});
    PdfWriter pdf;
    const int image = pdf.AddStream(
        "/Subtype /Image /Width 200 /Height 100 /ColorSpace /DeviceRGB /BitsPerComponent 8 "
        "/Filter /DCTDecode",
        jpeg, static_cast<int64_t>(jpeg.size()) + wrong);
    pdf.AddScan(image, kWidth, kHeight);
    EXPECT_DRAWN(pdf.Finish());
  }
}

}  // namespace
}  // namespace cbzfs
