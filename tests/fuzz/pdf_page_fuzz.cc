// A PDF of one page around the parts that decide whether it is its own JPEG: the content stream,
// the resources, the image's dictionary, the page's entries. The file around them is well-formed,
// so that the search spends its time behind the parser.

#include <string>

#include "tests/fuzz/pdf_check.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

// Kept small: a stream that fills its page with a fine pattern is MuPDF's time and not ours.
constexpr int kSide = 24;

const std::string& Jpeg(uint8_t choice) {
  using testing::MakeJpeg;
  static const std::string jpegs[] = {
      MakeJpeg({.width = kSide, .height = kSide}),
      MakeJpeg({.width = kSide, .height = kSide, .components = 1}),
      MakeJpeg({.width = kSide, .height = kSide, .components = 4}),
      MakeJpeg({.width = kSide, .height = kSide, .progressive = true}),
      MakeJpeg({.width = kSide, .height = kSide, .store_rgb = true}),
      MakeJpeg({.width = kSide, .height = 2 * kSide}),
  };
  return jpegs[choice % std::size(jpegs)];
}

std::string PdfOf(fuzz::Input& input) {
  testing::PdfWriter pdf;
  const std::string& jpeg = Jpeg(input.Take<uint8_t>());
  const std::string image_entries = input.Text();
  const int height = input.Flag() ? 2 * kSide : kSide;
  const int image = pdf.AddJpeg(jpeg, kSide, height, image_entries);
  testing::PdfWriter::PageSpec page;
  page.resources = "/XObject << /Im0 " + std::to_string(image) + " 0 R >> " + input.Text();
  page.entries = input.Text();
  page.media_box = "0 0 24 " + std::to_string(height);
  pdf.AddStream("/Type /XObject /Subtype /Form /BBox [0 0 24 24]", input.Text());  // object 5
  page.content = input.RestText();
  pdf.AddPage(page);
  return pdf.Finish();
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  const uint8_t flags = input.Take<uint8_t>();
  const AnalyseOptions options = {.dpi = (flags & 1) != 0 ? 0u : 72u,
                                  .original = (flags & 2) == 0,
                                  .max_pages = 20,
                                  .enhanced = (flags & 4) == 0};
  const std::string file = PdfOf(input);
  fuzz::CheckPdf({reinterpret_cast<const uint8_t*>(file.data()), file.size()}, options,
                 (flags & 8) != 0);
  return 0;
}
