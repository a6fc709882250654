// An archive of images as a comic, whatever kind of archive it is: its page table, and what is in
// its entries.
//
// Only the worker calls this: the file is a mapping of hostile bytes. One thread. Statuses as of
// Archive (codecs/archive) or PackedReader (codecs/packed), and of the decoders (codecs/decode).

#ifndef CBZFS_CODECS_COMIC_ENTRY_COMIC_H_
#define CBZFS_CODECS_COMIC_ENTRY_COMIC_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/picture/image_page.h"
#include "codecs/picture/picture.h"

namespace cbzfs {

class EntryComic {
 public:
  virtual ~EntryComic() = default;

  // How many entries there are that are named like images, at least one of which is one; no more
  // are counted than can be without unpacking the archive. kNotFound: there is no image, so the
  // archive is no comic.
  virtual absl::StatusOr<uint32_t> CountImages() = 0;

  // The page table. kNotFound as above.
  virtual absl::StatusOr<Document> Analyse(const AnalyseOptions& options, bool sparing) = 0;

  // All data of an entry, at most `max_bytes`.
  virtual absl::StatusOr<std::string> Read(uint32_t entry, uint64_t max_bytes) = 0;

  // A page made of an image. `make` is EnhancePicture or ShrinkPicture.
  using Make = absl::StatusOr<MadePicture> (*)(absl::Span<const uint8_t>, const PictureRequest&);
  virtual absl::StatusOr<MadePicture> MakePage(uint32_t entry, Make make,
                                               const PictureRequest& request) = 0;
};

// What the two kinds of archive have in common in their tables.

// No comic but another kind of file.
absl::Status NoImages();
// kInvalidArgument for a comic of more pages than `options` allow.
absl::Status CheckPageCount(size_t pages, const AnalyseOptions& options);
// The slots of the images, which are the pages `image_pages` of the document. `data` as of
// FillEnhancedSlots().
void FillSlotsOf(absl::Span<const SlotImage> images, absl::Span<const uint32_t> image_pages,
                 const AnalyseOptions& options, bool sparing,
                 absl::FunctionRef<void(size_t, UseImage)> data, Document* document);
// Unless there are enough already; cut to a length that may be told.
void AddNote(uint32_t page, absl::string_view text, Document* document);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_COMIC_ENTRY_COMIC_H_
