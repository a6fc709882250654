// XPS documents and EPUBs of fixed layout, through MuPDF: open, tell what is in them, draw a page.
// Every page is drawn; none is its own JPEG.
//
// As in pdf.h, everything here may crash, hang or take any amount of memory on a hostile file: it
// runs in a worker process. Statuses and messages are those of pdf.h, and kNotFound also for an
// EPUB whose text flows, which is no comic: its pages are whatever a reader makes of them.
//
// An EPUB has one page for each document of its spine, as large as the first of them says
// (EPUB 3.3, 8.2.2). MuPDF lays out what is in a document as text that flows, without positions of
// CSS: pages that are an image, which is what comics have, come out as they should.
//
// One thread. Borrows the mapping it was opened on.

#ifndef CBZFS_CODECS_PDF_PAGED_H_
#define CBZFS_CODECS_PDF_PAGED_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/pdf/pdf.h"

namespace cbzfs {

class PagedDocument {
 public:
  // `format` is kXps or kEpub. `source` is the whole file, mapped; it must outlive the document,
  // and so must `engine`.
  static absl::StatusOr<std::unique_ptr<PagedDocument>> Open(PdfEngine* engine,
                                                             absl::Span<const uint8_t> source,
                                                             SourceFormat format);
  ~PagedDocument();

  uint32_t page_count() const;

  // As Pdf::Analyse().
  absl::StatusOr<Document> Analyse(const AnalyseOptions& options, bool sparing = false);

  // As Pdf::Produce().
  absl::StatusOr<FittedImage> Produce(uint32_t index, const Page& page,
                                     const AnalyseOptions& options, uint64_t max_payload,
                                     bool exact = false);

 private:
  struct Impl;
  explicit PagedDocument(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PAGED_H_
