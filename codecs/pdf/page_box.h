// How large a page is, in points and in pixels, and the transform that draws it so.
//
// The pixel size is the one `mutool draw -r DPI` gives: the box, turned by /Rotate and scaled by
// /UserUnit, times the resolution, rounded outward with MuPDF's tolerance of a thousandth. A page
// over kMaxPagePixels or kMaxPageSide is made smaller by the seed's formula.
//
// Internal to codecs/pdf. FromObject() may throw as MuPDF does: call it inside Try().

#ifndef CBZFS_CODECS_PDF_PAGE_BOX_H_
#define CBZFS_CODECS_PDF_PAGE_BOX_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <cstdint>

#include "codecs/document/document.h"

namespace cbzfs {

struct PixelSize {
  uint32_t width = 1;
  uint32_t height = 1;
  float dpi = 0;  // less than asked where the page is over a limit
};

struct PageBox {
  fz_rect box = {};     // the visible part, in user space
  fz_rect bounds = {};  // the same in points from the top left corner, y downward
  fz_matrix ctm = {};   // from user space to those points
  int rotate = 0;       // 0, 90, 180 or 270

  static PageBox FromObject(fz_context* ctx, pdf_obj* page, AnalyseOptions::Box which);

  PixelSize PixelsAt(float dpi) const;
};

// What to draw a page of `bounds` with, so that it fills `width` x `height` pixels exactly.
struct DrawGeometry {
  fz_matrix ctm = {};
  fz_irect area = {};
};
DrawGeometry GeometryFor(fz_rect bounds, float dpi, uint32_t width, uint32_t height);

// A page dictionary whose CropBox is its MediaBox: a copy, the document is left as it is. The
// caller drops it. Throws.
pdf_obj* CopyPageWithoutCropBox(fz_context* ctx, pdf_obj* page);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PAGE_BOX_H_
