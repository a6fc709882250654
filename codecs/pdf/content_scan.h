// Whether a page's visible marks are one image and nothing else.
//
// Reads the content stream's tokens without interpreting them: nothing is loaded but the
// dictionaries of the objects that are named, no font, no colour space, no pixel. Gives up at the
// first mark that is not an image, which on a page of text is after a few operators; on a scan the
// whole stream is seldom more than "q a 0 0 d 0 0 cm /Im0 Do Q".
//
// Internal to codecs/pdf. Throws as MuPDF does: call it inside Try().

#ifndef CBZFS_CODECS_PDF_CONTENT_SCAN_H_
#define CBZFS_CODECS_PDF_CONTENT_SCAN_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

namespace cbzfs {

struct LoneImage {
  // True: the page shows exactly one image XObject, unclipped, opaque, and nothing else. What the
  // image is like, and whether it covers the page, is not looked at.
  bool found = false;
  pdf_obj* image = nullptr;  // borrowed from the document
  fz_matrix ctm = {};        // from the unit square to user space
  // True when an operator has set a colour; an image mask is then painted with it.
  bool colored = false;
};

// `box` is the visible part of the page in user space: a clip that contains it is no clip.
LoneImage ScanForLoneImage(fz_context* ctx, pdf_document* doc, pdf_obj* page, fz_rect box);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_CONTENT_SCAN_H_
