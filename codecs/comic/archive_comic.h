// A real archive of images as a comic: its page table, and what is in its entries.
//
// Only the worker calls this: the file is a mapping of hostile bytes. One thread. Statuses as of
// Archive (codecs/archive) and of the decoders (codecs/image).

#ifndef CBZFS_CODECS_COMIC_ARCHIVE_COMIC_H_
#define CBZFS_CODECS_COMIC_ARCHIVE_COMIC_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/archive/archive.h"
#include "codecs/document/document.h"
#include "codecs/picture/picture.h"

namespace cbzfs {

class ArchiveComic {
 public:
  // `file` is the whole archive and `charsets` outlives the comic, as does the mapping.
  static absl::StatusOr<std::unique_ptr<ArchiveComic>> Open(absl::Span<const uint8_t> file,
                                                            const LegacyCharsets* charsets);

  // How many entries there are that are named like images; the first that is one has been looked
  // at. kNotFound: there is no image, so the archive is no comic.
  absl::StatusOr<uint32_t> CountImages() const;

  // The page table: of each image only the first 64 KiB are looked at, but for the sample that the
  // slots of enhanced pages want. kNotFound as above.
  absl::StatusOr<Document> Analyse(const AnalyseOptions& options, bool sparing) const;

  // All data of an entry, at most `max_bytes`.
  absl::StatusOr<std::string> Read(uint32_t entry, uint64_t max_bytes) const;

  // A page made of an image. `make` is EnhancePicture or ShrinkPicture.
  using Make = absl::StatusOr<MadePicture> (*)(absl::Span<const uint8_t>, const PictureRequest&);
  absl::StatusOr<MadePicture> MakePage(uint32_t entry, Make make,
                                       const PictureRequest& request) const;

 private:
  ArchiveComic(std::unique_ptr<Archive> archive, const LegacyCharsets* charsets)
      : archive_(std::move(archive)), charsets_(charsets) {}

  const std::unique_ptr<Archive> archive_;
  const LegacyCharsets* const charsets_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_COMIC_ARCHIVE_COMIC_H_
