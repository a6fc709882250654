// What an EPUB says of itself: whether it is of fixed layout, how large its pages are, its metadata
// (EPUB 3.3; OCF 3.3; OPF 2.0.1 with what Amazon and Apple added for fixed layout).
//
// Includes MuPDF's headers, whose archives it reads: for the .cc files of this room alone. One
// thread.

#ifndef CBZFS_CODECS_PDF_EPUB_H_
#define CBZFS_CODECS_PDF_EPUB_H_

#include <mupdf/fitz.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/metadata.h"

namespace cbzfs {

struct EpubPackage {
  Metadata info;
  bool fixed_layout = false;
  // Of all pages, in pixels of CSS: what the first document that says so has for a viewport.
  float width = 600;
  float height = 800;
};

// kInvalidArgument: no EPUB, or one without a package document. Of documents at most so much is
// read: a MiB of each, and the first few of the spine.
absl::StatusOr<EpubPackage> ReadEpubPackage(fz_context* ctx, absl::Span<const uint8_t> source);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_EPUB_H_
