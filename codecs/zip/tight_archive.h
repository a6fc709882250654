// An archive on disk with the entries of a Layout and none of its padding: sizes are known when it
// is written, so nothing has to be foreseen.
//
// The same names in the same order, all stored: ComicInfo.xml first, then the pages one after
// another. An original page is the source's JPEG bit for bit, with its EOI; a drawn one is SOI,
// APP0, payload, EOI; a raw one is as the source has it. CRCs are what they come out as. Headers
// are written when the data behind them is, and ComicInfo.xml, in a room that was left for it, at
// the very end, because it says how long the pages are; spaces fill what is left of the room.
//
// The layout is one of guard 0. This class computes; it writes nothing itself. One thread.

#ifndef CBZFS_CODECS_ZIP_TIGHT_ARCHIVE_H_
#define CBZFS_CODECS_ZIP_TIGHT_ARCHIVE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/zip/layout.h"

namespace cbzfs {

// Bytes and where they belong in the archive.
struct PlacedBytes {
  uint64_t offset = 0;
  std::string bytes;
};

class TightArchive {
 public:
  // `layout` outlives it.
  explicit TightArchive(const Layout* layout);

  // Where the data of the next page begins; pages come in order.
  uint64_t DataOffset() const;

  // What stands before the payload of a drawn or extracted page, and behind it.
  std::string Head(uint32_t page) const;
  static std::string_view Tail() { return "\xFF\xD9"; }

  // The data of the next page has been written: what belongs around it. kOutOfRange for data of 4
  // GiB or more.
  absl::StatusOr<std::vector<PlacedBytes>> AddPage(uint32_t crc, uint64_t bytes);

  // After the last page: ComicInfo.xml, directory and end record with a comment.
  std::vector<PlacedBytes> Finish(std::string_view comment);

  // The size of what has been placed so far.
  uint64_t size() const { return offset_; }

 private:
  const Layout* const layout_;
  uint64_t info_bytes_ = 0;  // room for the text of ComicInfo.xml; 0: there is none
  uint64_t offset_ = 0;
  std::vector<ZipEntry> entries_;  // of the pages
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_TIGHT_ARCHIVE_H_
