// What the tests of this folder share: a PDF in memory with what Analyse says of it, and the
// programs of MuPDF to compare with.

#ifndef CBZFS_TESTS_CODECS_PDF_PDF_TESTING_H_
#define CBZFS_TESTS_CODECS_PDF_PDF_TESTING_H_

#include <cstdint>
#include <memory>
#include <string>

#include "codecs/pdf/pdf.h"
#include "tests/support/jpeg_maker.h"

namespace cbzfs::testing {

PdfEngine* Engine();  // one for all tests of a program

absl::StatusOr<std::unique_ptr<Pdf>> OpenBytes(const std::string& bytes);

// kInternal when it does not open; otherwise what Analyse says.
absl::StatusOr<Document> AnalyseBytes(const std::string& bytes, const AnalyseOptions& options = {});

// Opens, analyses, produces page `index` into its own slot.
absl::StatusOr<FittedImage> ProducePage(const std::string& bytes, uint32_t index = 0,
                                       const AnalyseOptions& options = {});

// A payload as a file: SOI, it, EOI.
std::string WholeJpeg(const FittedImage& jpeg);

// The bytes of an original page's entry, but for padding: the range of the source with its insert.
std::string OriginalBytes(const Document& document, const Page& page, const std::string& source);

void WriteFile(const std::string& path, const std::string& bytes);
std::string ReadFile(const std::string& path);

// A path in the test's own folder.
std::string TempPath(const std::string& name);

// True when the command ended with 0. Its output is thrown away.
bool Run(const std::string& command);

// `mutool draw` of a page: its RGB pixels.
Picture Mutool(const std::string& pdf_bytes, double dpi, const std::string& page = "1");

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_PDF_PDF_TESTING_H_
