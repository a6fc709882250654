// PDFs through MuPDF: open, tell what is in them, draw a page. The only public header of this room;
// MuPDF's own headers are included by its .cc files alone, and only the worker links it.
//
// Everything here may crash, hang or take any amount of memory on a hostile file: that is why it
// runs in a worker process and never in the daemon. Failures that MuPDF reports are statuses:
//   kInvalidArgument    not a PDF, or broken past repair
//   kPermissionDenied   a password is needed, and none that was given is it
//   kNotFound           no such page, or a document without pages
//   kDataLoss           the page cannot be drawn
//   kResourceExhausted  memory ended
// Messages are one line of printable UTF-8, at most 300 bytes, without the file's name (the daemon
// knows it).
//
// One thread. A Pdf borrows the mapping it was opened on.

#ifndef CBZFS_CODECS_PDF_PDF_H_
#define CBZFS_CODECS_PDF_PDF_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/image/jpeg_fit.h"

namespace cbzfs {

// MuPDF's context with its font and glyph caches. One a process is enough.
class PdfEngine {
 public:
  PdfEngine();
  ~PdfEngine();
  PdfEngine(const PdfEngine&) = delete;
  PdfEngine& operator=(const PdfEngine&) = delete;
  struct Impl;
  Impl* impl() const { return impl_.get(); }

 private:
  std::unique_ptr<Impl> impl_;
};

class Pdf {
 public:
  // `source` is the whole file, mapped; it must outlive the Pdf, and so must `engine`. `passwords`,
  // in UTF-8, are tried in order, as the user's and as the owner's, where none at all does not do.
  static absl::StatusOr<std::unique_ptr<Pdf>> Open(PdfEngine* engine,
                                                   absl::Span<const uint8_t> source,
                                                   absl::Span<const std::string> passwords = {});
  ~Pdf();

  // The smaller of /Count and what the cross-reference table can hold, at least 1.
  uint32_t page_count() const;

  // The page table; no page is drawn at full size. See codecs/pdf/README.md for the cost.
  // `sparing`: not even a page of the sample is drawn small; slots are then larger. For a document
  // of which a page hangs or kills whoever draws it. The one case in which a slot hangs on time:
  // two hosts may disagree on whether such a page ends before its deadline.
  absl::StatusOr<Document> Analyse(const AnalyseOptions& options, bool sparing = false);

  // Draws page `index` exactly `page.width` x `page.height` pixels large and fits it into
  // `max_payload`. `page` is the row of the table that Analyse made with these options.
  // `exact` as of FitRequest. For PageKind::kExtracted the stream is unwrapped instead: all of it
  // between SOI and EOI.
  absl::StatusOr<FittedImage> Produce(uint32_t index, const Page& page,
                                     const AnalyseOptions& options, uint64_t max_payload,
                                     bool exact = false);

  // A thumbnail of a page that is a lone image (Page::lone_image): the page drawn small, for which
  // MuPDF decodes the image small, and scaled to exactly this size.
  struct SmallPicture {
    uint32_t width = 0;
    uint32_t height = 0;
    uint32_t quality = 85;
    uint64_t max_payload = 0;
    bool exact = false;
  };
  absl::StatusOr<FittedImage> ProduceSmall(uint32_t index, const Page& page,
                                          const AnalyseOptions& options,
                                          const SmallPicture& picture);

  // The JPEG of a kOriginal row as a whole file: its range of the source, or, where that lacks an
  // EOI, a copy in `buffer` that has one. Empty where the range lies outside.
  absl::Span<const uint8_t> Original(const Page& page, std::string* buffer) const;

  struct Impl;
  Impl* impl() const { return impl_.get(); }  // for this room and its calibration

 private:
  explicit Pdf(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PDF_H_
