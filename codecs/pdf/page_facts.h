// What a page is made of, from one pass over its content: nothing is drawn, no font, image or
// colour space is loaded. A scanned page costs some 5-10 us, a page of text its inflating and about
// as much again.
//
// Two users: Analyse (resolution and original pages, from the placements) and the slot predictor
// (the counts). The scan has its own small interpreter over the decoded content, because MuPDF's
// pdf_processor cannot tell of an image's place without loading the image (JPX: decoding it).
//
// Hostile content: forms nest to 12, content read is at most `max_content_bytes` for the page with
// all its forms, each form counting again whenever it is used. A scan that ended early says so.
//
// Includes MuPDF's headers: for the .cc files of this room alone. One thread.

#ifndef CBZFS_CODECS_PDF_PAGE_FACTS_H_
#define CBZFS_CODECS_PDF_PAGE_FACTS_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <cstdint>
#include <vector>

namespace cbzfs {

enum class ImageFilter : uint8_t { kNone, kFlate, kDct, kJpx, kJbig2, kFax, kRunLength, kOther };

// One painting of an image. Lengths and matrices are in the page's default user space, before
// UserUnit and /Rotate.
struct ImagePlacement {
  int object = 0;  // number of the image's object, 0: an inline image
  uint32_t width = 0;
  uint32_t height = 0;
  uint8_t bits = 8;        // a component
  uint8_t components = 0;  // of its colour space; 0: not known
  bool indexed = false;
  bool mask = false;         // an /ImageMask
  bool masked = false;       // has /SMask, /Mask or /SMaskInData
  bool decode = false;       // has /Decode
  bool optional = false;     // depends on optional content
  bool transparent = false;  // painted with alpha, a blend mode or a soft mask
  // The last filter, the one that codes pixels; how many there are; the coded bytes.
  ImageFilter filter = ImageFilter::kNone;
  uint8_t filter_count = 0;
  uint64_t bytes = 0;
  fz_matrix ctm = {};  // from the unit square
  fz_rect clip = {};   // what the clips leave at most (their bounding box, within the page's)
  bool clip_is_rect = false;  // that box is exactly what they leave
  double area = 0;            // of the placement's bounding box within `clip`, in square points
  uint32_t mark = 0;          // which visible mark of the page this is: see PageFacts::marks
};

// Text, paths and pictures by the amount of edges that they bring.
struct PageCounts {
  double content_bytes = 0;  // decoded, forms included
  double operators = 0;
  double glyphs = 0;       // visible ones
  double glyph_size = 0;   // sum of their sizes in points
  double glyph_area = 0;   // sum of their squared sizes
  double fonts = 0;        // settings of a font
  double segments = 0;     // of painted paths
  double stroke_area = 0;  // length times width of strokes, hairlines counted as 0.5 pt
  double stroke_length = 0;
  double fill_length = 0;  // of filled outlines
  double fill_area = 0;    // of their bounding boxes
  double shadings = 0;
  double shade_area = 0;
  double patterns = 0;  // fills and strokes with a pattern
  double forms = 0;
  double transparent_forms = 0;  // with a /Group, or drawn under a soft mask or blend mode
  // Images by kind: photographs (DCT, JPX), one-bit ones, all others.
  struct Images {
    double count = 0, pixels = 0, bytes = 0, area = 0;
  } photo, bilevel, other;
};

struct PageFacts {
  // Placements that leave something visible inside the page, in order of painting; at most 4096.
  std::vector<ImagePlacement> images;

  // Operators that leave a visible mark inside the page's box (images, text not in rendering mode 3
  // or 7, painted paths, shadings), in order of painting. A page whose last mark is an opaque image
  // that covers its box shows nothing else: images.back().mark + 1 == marks.
  uint32_t marks = 0;

  // Annotations with an appearance: they are drawn on top of everything.
  uint32_t annotations = 0;

  bool optional_content = false;  // something depends on layers: what is visible is not known here
  bool gray = false;              // certainly no colour: only device gray was used
  bool type3 = false;             // a Type 3 font, whose glyphs are content too
  bool heavy = false;     // a limit was met, or a pattern of very many tiles: drawing may take long
  bool complete = false;  // the whole content was read without an error or a limit
  bool runaway = false;   // forms or operators were still coming at the limit: drawing the
                          // page, at whatever size, may take for ever

  PageCounts counts;
};

struct PageScanLimits {
  uint64_t max_content_bytes = 8u << 20;
};

// The more pages a document has, the less of each is read: 32 MiB in all, but at least 16 KiB a
// page, which holds most pages of text.
PageScanLimits ScanLimitsFor(uint32_t pages);

// `page` is the page's dictionary, `box` what of it is visible, in default user space. Never throws
// into MuPDF's error stack: whatever goes wrong leaves `complete` false and the facts found so far.
PageFacts ScanPage(fz_context* ctx, pdf_document* doc, pdf_obj* page, const fz_rect& box,
                   const PageScanLimits& limits = {});

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PAGE_FACTS_H_
