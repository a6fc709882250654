// Whether a page is its own JPEG: one DCT image that fills the page as it is stored, so that the
// stream itself can be the page's entry. README.md lists the rules and why each is there.
//
// Internal to codecs/pdf. Throws as MuPDF does: call it inside Try().

#ifndef CBZFS_CODECS_PDF_ORIGINAL_IMAGE_H_
#define CBZFS_CODECS_PDF_ORIGINAL_IMAGE_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <cstdint>

#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/pdf/lone_jpeg.h"
#include "codecs/pdf/page_box.h"

namespace cbzfs {

struct OriginalImage {
  PageKind kind = PageKind::kDrawn;   // kDrawn: it is not one, and
  WhyDrawn why = WhyDrawn::kUnknown;  // that is why
  uint32_t width = 0;
  uint32_t height = 0;
  bool gray = false;
  // kOriginal: the stream in the file without its EOI. kExtracted: the length alone, and of the
  // encrypted stream, which is never less than the plain one's.
  uint64_t offset = 0;
  uint64_t bytes = 0;
  // The object that holds the colour profile, when the JPEG brings none of its own; else 0.
  int profile_object = 0;
  uint32_t insert_at = 0;  // where the profile goes
};

OriginalImage FindOriginal(fz_context* ctx, pdf_document* doc, absl::Span<const uint8_t> source,
                           const LoneJpeg& lone, const PageBox& page);

// A page with annotations that are drawn is never original. Conservative: whatever is neither a
// link nor a pop-up nor hidden counts.
bool HasVisibleAnnotations(fz_context* ctx, pdf_obj* page);

// The image's colour space is gray by its name or profile; a spot colour of one component is not.
bool IsGrayImage(fz_context* ctx, pdf_obj* image);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_ORIGINAL_IMAGE_H_
