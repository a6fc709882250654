#include "tests/codecs/pdf/pdf_testing.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace cbzfs::testing {

PdfEngine* Engine() {
  static PdfEngine* const engine = new PdfEngine;
  return engine;
}

absl::StatusOr<std::unique_ptr<Pdf>> OpenBytes(const std::string& bytes) {
  return Pdf::Open(Engine(), {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

absl::StatusOr<Document> AnalyseBytes(const std::string& bytes, const AnalyseOptions& options) {
  auto pdf = OpenBytes(bytes);
  if (!pdf.ok()) return pdf.status();
  return (*pdf)->Analyse(options);
}

absl::StatusOr<FittedImage> ProducePage(const std::string& bytes, uint32_t index,
                                       const AnalyseOptions& options) {
  auto pdf = OpenBytes(bytes);
  if (!pdf.ok()) return pdf.status();
  const auto document = (*pdf)->Analyse(options);
  if (!document.ok()) return document.status();
  const Page& page = document->pages.at(index);
  return (*pdf)->Produce(index, page, options, page.payload_bytes);
}

std::string WholeJpeg(const FittedImage& jpeg) {
  return absl::StrCat("\xFF\xD8", jpeg.payload, "\xFF\xD9");
}

std::string OriginalBytes(const Document& document, const Page& page, const std::string& source) {
  std::string bytes = source.substr(page.source_offset, page.source_bytes);
  if (page.insert >= 0) bytes.insert(page.insert_at, document.inserts.at(page.insert));
  return bytes;
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string ReadFile(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::string TempPath(const std::string& name) {
  return absl::StrCat(::testing::TempDir(), "cbzfs-pdf-", getpid(), "-", name);
}

bool Run(const std::string& command) {
  return std::system(absl::StrCat(command, " >/dev/null 2>&1").c_str()) == 0;  // NOLINT
}

Picture Mutool(const std::string& pdf_bytes, double dpi, const std::string& page) {
  const std::string pdf = TempPath("mutool.pdf");
  const std::string ppm = TempPath("mutool.ppm");
  WriteFile(pdf, pdf_bytes);
  // It fails when there were errors in the content, and draws the page all the same.
  (void)Run(
      absl::StrCat("mutool draw -q -c rgb -F ppm -r ", dpi, " -o ", ppm, " ", pdf, " ", page));
  const std::string bytes = ReadFile(ppm);
  unlink(pdf.c_str());
  unlink(ppm.c_str());
  Picture picture;
  std::istringstream in(bytes);
  std::string magic;
  int most = 0;
  std::string line;
  in >> magic;
  while ((in >> std::ws).peek() == '#') std::getline(in, line);
  in >> picture.width >> picture.height >> most;
  in.get();
  if (magic != "P6" || most != 255) return {};
  picture.components = 3;
  picture.pixels.assign(bytes.begin() + in.tellg(), bytes.end());
  if (picture.pixels.size() != size_t{3} * picture.width * picture.height) return {};
  return picture;
}

}  // namespace cbzfs::testing
