// A whole PDF: open, page table, pages. Two bytes of options, then the file. MuPDF is not
// instrumented; what guides the search is our code around it.

#include "tests/fuzz/pdf_check.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  const uint8_t flags = input.Take<uint8_t>();
  const AnalyseOptions options = {
      .dpi = (flags & 1) != 0 ? 0u : 72u,
      .quality = 40u + input.Take<uint8_t>() % 61,
      .original = (flags & 2) == 0,
      .box = (flags & 4) == 0 ? AnalyseOptions::Box::kCrop : AnalyseOptions::Box::kMedia,
      .max_pages = (flags & 8) == 0 ? 20u : 2u,
      .enhanced = (flags & 16) == 0};
  fuzz::CheckPdf(input.Rest(), options, (flags & 32) != 0);
  return 0;
}
