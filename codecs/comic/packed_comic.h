// A RAR, 7z or tar archive of images as a comic.
//
// None of these has check sums that its reader tells, or (7z, a solid RAR, a compressed tar) a way
// to an entry but through all before it. So the analysis reads all of the archive, once, and takes
// the CRC-32 of each entry; the slots of enhanced pages want a second pass for their sample.
//
// An archive of which an entry cannot be read is no comic: what is made of it would lack something,
// and nobody who copies it would notice.

#ifndef CBZFS_CODECS_COMIC_PACKED_COMIC_H_
#define CBZFS_CODECS_COMIC_PACKED_COMIC_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/archive/legacy_charsets.h"
#include "codecs/comic/entry_comic.h"
#include "codecs/packed/packed_archive.h"

namespace cbzfs {

class PackedComic : public EntryComic {
 public:
  // `file` is the whole archive and `charsets` outlives the comic, as does the mapping.
  static absl::StatusOr<std::unique_ptr<PackedComic>> Open(absl::Span<const uint8_t> file,
                                                           const LegacyCharsets* charsets);

  // Of an archive that is one stream no more is looked at than up to its first image.
  absl::StatusOr<uint32_t> CountImages() override;
  absl::StatusOr<Document> Analyse(const AnalyseOptions& options, bool sparing) override;
  absl::StatusOr<std::string> Read(uint32_t entry, uint64_t max_bytes) override;
  absl::StatusOr<MadePicture> MakePage(uint32_t entry, Make make,
                                       const PictureRequest& request) override;

  // How often the archive was read from its beginning.
  uint64_t passes() const { return archive_->passes(); }

 private:
  PackedComic(std::unique_ptr<PackedArchive> archive, const LegacyCharsets* charsets)
      : archive_(std::move(archive)), charsets_(charsets) {}

  const std::unique_ptr<PackedArchive> archive_;
  const LegacyCharsets* const charsets_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_COMIC_PACKED_COMIC_H_
