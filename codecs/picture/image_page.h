// What the analysis says of one image, be it an entry of an archive or a file: its row of the page
// table, and what its slot is chosen by.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_PICTURE_IMAGE_PAGE_H_
#define CBZFS_CODECS_PICTURE_IMAGE_PAGE_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/picture/enhanced_slot.h"

namespace cbzfs {

struct ImagePage {
  Page row;  // without its place in the file and its slot
  SlotImage slot;
};

// Decoding more than this takes longer than anybody waits for a page.
inline constexpr uint64_t kMaxImagePixels = 400'000'000;

// From the first bytes of an image of `file_bytes`. Statuses as of ReadImageInfo(); kOutOfRange for
// more than kMaxImagePixels too.
absl::StatusOr<ImagePage> DescribeImage(absl::Span<const uint8_t> head, uint64_t file_bytes);

// Whether a whole file ends as its format says it does; a JPEG, PNG or GIF that was cut off does
// not. Other formats are not looked at.
bool EndsProperly(absl::Span<const uint8_t> file);

// Fills in enhanced_bytes of the rows, `images[i]` being what DescribeImage() said of *rows[i].
// `data(i, use)` lends the whole image to `use`, or does not call it where it cannot be read.
// `sparing`: no image is looked at.
using UseImage = absl::FunctionRef<void(absl::Span<const uint8_t>)>;
void FillEnhancedSlots(absl::Span<const SlotImage> images, const AnalyseOptions& options,
                       bool sparing, absl::FunctionRef<void(size_t, UseImage)> data,
                       absl::Span<Page* const> rows);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PICTURE_IMAGE_PAGE_H_
