// One image file as a comic of one page.
//
// Only the worker calls this. Pure functions: any thread.

#ifndef CBZFS_CODECS_COMIC_IMAGE_COMIC_H_
#define CBZFS_CODECS_COMIC_IMAGE_COMIC_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"

namespace cbzfs {

// Whether the file is an image, by its head and its end. Statuses as of ReadImageInfo(); one that
// was cut off is kInvalidArgument, for that lies in the file and will be the same the next time.
absl::Status CheckImage(absl::Span<const uint8_t> file);

// Its page table of one page. Statuses as of CheckImage().
absl::StatusOr<Document> AnalyseImage(absl::Span<const uint8_t> file, const AnalyseOptions& options,
                                      bool sparing);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_COMIC_IMAGE_COMIC_H_
