// What a PDF says of itself, and what a hostile one cannot do by it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "codecs/document/document_codec.h"
#include "tests/codecs/pdf/pdf_testing.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using testing::AnalyseBytes;
using testing::PdfWriter;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kXmp[] =
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
    "<rdf:Description xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"
    "<dc:title><rdf:Alt><rdf:li>Of the XMP</rdf:li></rdf:Alt></dc:title>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>";

Document Analysed(PdfWriter& pdf) {
  const auto document = AnalyseBytes(pdf.Finish());
  EXPECT_TRUE(document.ok()) << document.status();
  if (!document.ok()) return {};
  // Whatever a file says, the daemon takes what comes of it.
  EXPECT_TRUE(DecodeDocument(EncodeDocument(*document), 1 << 30).ok());
  return *document;
}

std::string Get(const Document& document, ComicField field) {
  return std::string(document.info.Get(field));
}

TEST(DocumentInfoTest, XmpCountsBeforeTheDictionary) {
  PdfWriter pdf;
  pdf.AddPage({.content = ""});
  const int info = pdf.Add("<< /Title (Of the dictionary) /Author (Ann) /Keywords (a, b) >>");
  pdf.trailer_entries = absl::StrCat("/Info ", info, " 0 R");
  const int xmp = pdf.AddStream("/Type /Metadata /Subtype /XML", kXmp);
  pdf.catalog_entries =
      absl::StrCat("/Metadata ", xmp, " 0 R /Lang (ja) /ViewerPreferences << /Direction /R2L >>");
  const Document document = Analysed(pdf);
  EXPECT_EQ(Get(document, ComicField::kTitle), "Of the XMP");
  EXPECT_EQ(Get(document, ComicField::kWriter), "Ann");
  EXPECT_EQ(Get(document, ComicField::kTags), "a, b");
  EXPECT_EQ(Get(document, ComicField::kLanguageIso), "ja");
  EXPECT_EQ(Get(document, ComicField::kManga), "YesAndRightToLeft");
}

TEST(DocumentInfoTest, ATitleThatIsAFileNameIsNone) {
  for (const char* const title : {"Microsoft Word - book.DOC", "untitled", "cover.indd "}) {
    PdfWriter pdf;
    pdf.AddPage({.content = ""});
    pdf.trailer_entries = absl::StrCat("/Info ", pdf.Add(absl::StrCat("<< /Title (", title, ") >>")),
                                       " 0 R");
    EXPECT_EQ(Get(Analysed(pdf), ComicField::kTitle), "") << title;
  }
}

TEST(DocumentInfoTest, AnXmpPacketWithoutEndTakesNoMemory) {
  // 16 MB of blanks behind a few bytes of run lengths, which never end the analysis.
  std::string runs;
  for (int i = 0; i < 130'000; ++i) runs += "\x81 ";
  PdfWriter pdf;
  pdf.AddPage({.content = ""});
  const int xmp = pdf.AddStream("/Type /Metadata /Filter /RunLengthDecode", runs);
  pdf.catalog_entries = absl::StrCat("/Metadata ", xmp, " 0 R");
  EXPECT_TRUE(Analysed(pdf).info.empty());
}

TEST(DocumentInfoTest, TheTableOfContentsNamesPages) {
  PdfWriter pdf;
  int pages[4];
  for (int& page : pages) page = pdf.AddPage({.content = ""});
  // One by an action, one by a number, one by a name, one below another and one to nowhere.
  const int below = pdf.Add(absl::StrCat("<< /Title (Below) /Dest [", pages[2], " 0 R /Fit] >>"));
  const int nowhere = pdf.Add("<< /Title (Nowhere) /Dest [999 0 R /Fit] >>");
  const int named = pdf.Add(absl::StrCat("<< /Title (Named) /Dest (there) /Next ", nowhere,
                                         " 0 R >>"));
  const int again = pdf.Add(absl::StrCat("<< /Title (Again) /Dest [1 /Fit] /Next ", named,
                                         " 0 R >>"));
  const int first = pdf.Add(absl::StrCat("<< /Title (Chapter 1) /A << /S /GoTo /D [", pages[1],
                                         " 0 R /Fit] >> /First ", below, " 0 R /Next ", again,
                                         " 0 R >>"));
  pdf.catalog_entries =
      absl::StrCat("/Outlines << /First ", first, " 0 R >> /Names << /Dests << /Names [(there) [",
                   pages[3], " 0 R /Fit]] >> >>");
  EXPECT_THAT(Analysed(pdf).marks, ElementsAre(PageMark{.page = 1, .bookmark = "Chapter 1"},
                                               PageMark{.page = 2, .bookmark = "Below"},
                                               PageMark{.page = 3, .bookmark = "Named"}));
}

TEST(DocumentInfoTest, ATableOfContentsInACircleEnds) {
  PdfWriter pdf;
  const int page = pdf.AddPage({.content = ""});
  const int next = page + 1;
  pdf.Add(absl::StrCat("<< /Title (Round) /Dest [", page, " 0 R /Fit] /Next ", next,
                       " 0 R /First ", next, " 0 R >>"));
  pdf.catalog_entries = absl::StrCat("/Outlines << /First ", next, " 0 R >>");
  EXPECT_THAT(Analysed(pdf).marks, ElementsAre(PageMark{.page = 0, .bookmark = "Round"}));
}

TEST(DocumentInfoTest, LabelsThatAreJustTheNumberAreNone) {
  PdfWriter pdf;
  for (int i = 0; i < 8; ++i) pdf.AddPage({.content = ""});
  pdf.catalog_entries =
      "/PageLabels << /Kids [<< /Nums [0 << /S /r >> 2 << /S /D /St 3 >>] >>"
      " << /Nums [4 << /P (A-) /S /D >> 5 << /P (End) >> 6 << /S /A /St 27 >>] >>] >>";
  EXPECT_THAT(Analysed(pdf).marks,
              ElementsAre(PageMark{.page = 0, .label = "i"}, PageMark{.page = 1, .label = "ii"},
                          PageMark{.page = 4, .label = "A-1"}, PageMark{.page = 5, .label = "End"},
                          PageMark{.page = 6, .label = "AA"}, PageMark{.page = 7, .label = "BB"}));
}

TEST(DocumentInfoTest, HostileLabelsAreTamed) {
  PdfWriter pdf;
  for (int i = 0; i < 2; ++i) pdf.AddPage({.content = ""});
  const int self = 5;
  pdf.catalog_entries = absl::StrCat(
      "/PageLabels ", pdf.Add(absl::StrCat("<< /Kids [", self, " 0 R ", self, " 0 R] /Nums [-5 7 0"
                                           " << /S /r /St 2147483647 /P (",
                                           std::string(10'000, 'p'), ") >> 1 << /S /Q >>] >>")),
      " 0 R");
  const Document document = Analysed(pdf);
  ASSERT_THAT(document.marks, SizeIs(1));  // there is no style Q
  EXPECT_EQ(document.marks[0].label.size(), kMaxMarkText);
}

TEST(DocumentInfoTest, NothingSaidIsNothing) {
  PdfWriter pdf;
  pdf.AddPage({.content = ""});
  pdf.catalog_entries = "/Metadata 99 0 R /Outlines 98 0 R /PageLabels 97 0 R /Lang 7";
  const Document document = Analysed(pdf);
  EXPECT_TRUE(document.info.empty());
  EXPECT_THAT(document.marks, IsEmpty());
}

}  // namespace
}  // namespace cbzfs
