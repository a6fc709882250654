// A page as pixels.
//
// Drawn directly onto white with annotations and form fields, as `mutool draw` does: errors in the
// content are passed over, what was drawn before a fatal one is kept.
//
// Internal to codecs/pdf. One thread; borrows the context.

#ifndef CBZFS_CODECS_PDF_DRAWING_H_
#define CBZFS_CODECS_PDF_DRAWING_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <cstdint>

#include "absl/status/status.h"
#include "codecs/document/document.h"
#include "codecs/image/raster.h"

namespace cbzfs {

class Drawing {
 public:
  explicit Drawing(fz_context* ctx) : ctx_(ctx) {}
  ~Drawing();
  Drawing(const Drawing&) = delete;
  Drawing& operator=(const Drawing&) = delete;

  // Draws the page `object`, which is the document's `index`th, `row.width` x `row.height` pixels
  // large and in gray where `row.gray`. Once.
  absl::Status Draw(pdf_document* doc, pdf_obj* object, uint32_t index, const Page& row,
                    AnalyseOptions::Box box);
  // The same with a page of any other kind of document.
  absl::Status Draw(fz_document* doc, fz_location place, const Page& row);

  // After Draw() has succeeded.
  RasterView raster() const;

 private:
  void MakePixmap(const Page& row);  // throws
  absl::Status Run();

  fz_context* ctx_;
  fz_page* page_ = nullptr;
  fz_matrix ctm_ = {};
  fz_pixmap* pixmap_ = nullptr;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_DRAWING_H_
