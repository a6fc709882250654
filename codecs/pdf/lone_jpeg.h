// Whether a page's visible marks are one JPEG image and nothing else.
//
// Apart from ScanPage() (page_facts.h) because the two err on different sides: that one counts, and
// reads on whatever it meets; this one must never call a page a picture that shows anything else,
// and gives up at the first operator it is not sure of. On a page of text that is a few tokens in,
// on a scan the whole stream is seldom more than "q a 0 0 d 0 0 cm /Im0 Do Q", so a page costs one
// full scan, this or that.
//
// Reads tokens through MuPDF's own lexer, so that both see the same operators. Nothing is loaded
// but the dictionaries of the objects that are named: no font, no colour space, no pixel.
//
// Internal to codecs/pdf. Throws as MuPDF does: call it inside Try().

#ifndef CBZFS_CODECS_PDF_LONE_JPEG_H_
#define CBZFS_CODECS_PDF_LONE_JPEG_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include "codecs/document/document.h"

namespace cbzfs {

struct LoneJpeg {
  // Null unless the page shows exactly one image XObject coded by DCTDecode alone, unclipped,
  // opaque, and nothing else. Borrowed from the document. Whether it covers the page, and what else
  // its dictionary says, is not looked at.
  pdf_obj* image = nullptr;
  fz_matrix ctm = {};  // from the unit square to user space
  WhyDrawn why = WhyDrawn::kUnknown;  // of a page without
};

// `box` is the visible part of the page in user space: a clip that contains it is no clip.
LoneJpeg FindLoneJpeg(fz_context* ctx, pdf_document* doc, pdf_obj* page, fz_rect box);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_LONE_JPEG_H_
