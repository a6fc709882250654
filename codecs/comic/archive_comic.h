// A ZIP archive of images as a comic.

#ifndef CBZFS_CODECS_COMIC_ARCHIVE_COMIC_H_
#define CBZFS_CODECS_COMIC_ARCHIVE_COMIC_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/archive/archive.h"
#include "codecs/comic/entry_comic.h"

namespace cbzfs {

class ArchiveComic : public EntryComic {
 public:
  // `file` is the whole archive and `charsets` outlives the comic, as does the mapping.
  static absl::StatusOr<std::unique_ptr<ArchiveComic>> Open(absl::Span<const uint8_t> file,
                                                            const LegacyCharsets* charsets);

  absl::StatusOr<uint32_t> CountImages() override;
  // Of each image only the first 64 KiB are looked at, but for the sample that the slots of
  // enhanced pages want.
  absl::StatusOr<Document> Analyse(const AnalyseOptions& options, bool sparing) override;
  absl::StatusOr<std::string> Read(uint32_t entry, uint64_t max_bytes) override;
  absl::StatusOr<MadePicture> MakePage(uint32_t entry, Make make,
                                       const PictureRequest& request) override;

 private:
  ArchiveComic(std::unique_ptr<Archive> archive, const LegacyCharsets* charsets)
      : archive_(std::move(archive)), charsets_(charsets) {}

  const std::unique_ptr<Archive> archive_;
  const LegacyCharsets* const charsets_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_COMIC_ARCHIVE_COMIC_H_
