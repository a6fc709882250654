// What a page of an XPS or EPUB is made of, from what MuPDF would draw of it: the same facts that
// page_facts.h finds in the content of a PDF's page. Nothing is painted and no image is decoded.
//
// Includes MuPDF's headers: for the .cc files of this room alone. One thread.

#ifndef CBZFS_CODECS_PDF_DISPLAY_FACTS_H_
#define CBZFS_CODECS_PDF_DISPLAY_FACTS_H_

#include <mupdf/fitz.h>

#include "codecs/pdf/page_facts.h"

namespace cbzfs {

// Placements are in the page's points. An error leaves `complete` false and the facts found so far.
// `text`: whether text is counted. Not in an EPUB: by what was open before, MuPDF 1.21 tells of the
// marks of its lists or does not, and the same document must always get the same slots.
PageFacts FactsOfDisplay(fz_context* ctx, fz_page* page, bool text);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_DISPLAY_FACTS_H_
