// What the enhanced and the small views want to know of pages that are their own JPEG.
//
// Internal to codecs/pdf. One thread.

#ifndef CBZFS_CODECS_PDF_ENHANCED_ORIGINALS_H_
#define CBZFS_CODECS_PDF_ENHANCED_ORIGINALS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "codecs/document/document.h"

namespace cbzfs {

// The JPEG of a kOriginal row as a whole file, in the mapping, with the EOI that follows it there.
// Without it where the file has none.
absl::Span<const uint8_t> OriginalStream(absl::Span<const uint8_t> source, const Page& row);

// Fills in decode_bytes of the kOriginal rows; and, where options.enhanced, enhanced_bytes of these
// and of the kExtracted ones. `sparing`: no image is decoded for it.
void DescribeOriginals(absl::Span<const uint8_t> source, const AnalyseOptions& options,
                       bool sparing, std::vector<Page>* rows);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_ENHANCED_ORIGINALS_H_
