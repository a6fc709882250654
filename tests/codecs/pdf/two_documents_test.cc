// Two documents open in one process, as a worker keeps them: neither shows in the other's pages.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using namespace testing;  // NOLINT

// One picture of a single colour. The colour is in a palette in a stream of its own, and the colour
// space that refers to it is a direct object: equal in all documents made here. `others`: so many
// objects stand in front of the page, so that the numbers of the two documents' tables differ.
std::string Coloured(const std::string& rgb, int others = 0) {
  PdfWriter pdf;
  const int palette = pdf.AddStream("", rgb);
  const std::string space = absl::StrCat("[ /Indexed /DeviceRGB 0 ", palette, " 0 R ]");
  for (int i = 0; i < others; ++i) pdf.Add("<< /Nothing true >>");
  pdf.AddPage({.content = "/Own cs 0 sc 0 0 200 100 re f",
               .resources = absl::StrCat("/ColorSpace << /Own ", space,
                                         " >> /Font << /F1 << /Type /Font /Subtype /Type1 "
                                         "/BaseFont /Times-Roman >> >>")});
  return pdf.Finish();
}

class Open {
 public:
  explicit Open(std::string bytes) : bytes_(std::move(bytes)) {
    auto pdf = OpenBytes(bytes_);
    if (!pdf.ok()) return;
    pdf_ = *std::move(pdf);
    const auto document = pdf_->Analyse({.dpi = 72});
    if (document.ok()) row_ = document->pages.at(0);
  }

  std::string Jpeg() {
    if (pdf_ == nullptr) return "";
    const auto jpeg = pdf_->Produce(0, row_, {.dpi = 72}, row_.payload_bytes);
    return jpeg.ok() ? WholeJpeg(*jpeg) : std::string(jpeg.status().message());
  }

 private:
  const std::string bytes_;
  std::unique_ptr<Pdf> pdf_;
  Page row_;
};

// Red, green and blue of the middle.
std::string ColourOf(const std::string& jpeg) {
  const Picture picture = ReadJpeg(jpeg);
  if (picture.width == 0) return "no JPEG";
  std::string colour;
  const size_t middle = (size_t(picture.height) / 2 * picture.width + picture.width / 2) * 3;
  for (size_t i = 0; i < 3; ++i) absl::StrAppend(&colour, picture.pixels.at(middle + i) > 128);
  return colour;
}

TEST(TwoDocuments, EachIsDrawnWithItsOwnResources) {
  Open red(Coloured("\xFF\x01\x01"));
  EXPECT_EQ(ColourOf(red.Jpeg()), "100");
  Open blue(Coloured("\x01\x01\xFF"));
  EXPECT_EQ(ColourOf(blue.Jpeg()), "001");
  EXPECT_EQ(ColourOf(red.Jpeg()), "100");
}

TEST(TwoDocuments, ADocumentThatIsGoneLeavesNothing) {
  std::string first;
  {
    Open red(Coloured("\xFF\x01\x01"));
    first = red.Jpeg();
  }
  Open green(Coloured("\x01\xFF\x01"));
  EXPECT_EQ(ColourOf(green.Jpeg()), "010");
  Open red(Coloured("\xFF\x01\x01"));
  EXPECT_EQ(red.Jpeg(), first);
}

// The larger one's object numbers are outside of the smaller one's table; run under
// AddressSanitizer or valgrind this also shows that nothing is written there.
TEST(TwoDocuments, OfDifferentLengthsMayTakeTurns) {
  Open small(Coloured("\xFF\x01\x01"));
  Open large(Coloured("\x01\x01\xFF", 100'000));
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(ColourOf(small.Jpeg()), "100");
    EXPECT_EQ(ColourOf(large.Jpeg()), "001");
  }
}

}  // namespace
}  // namespace cbzfs
