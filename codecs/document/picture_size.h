// How large thumbnails and covers are, in pixels and in bytes: pure arithmetic, so that a listing of
// them costs none of them.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DOCUMENT_PICTURE_SIZE_H_
#define CBZFS_CODECS_DOCUMENT_PICTURE_SIZE_H_

#include <cstdint>

namespace cbzfs {

struct PictureSize {
  uint32_t width = 1;
  uint32_t height = 1;
  friend bool operator==(const PictureSize&, const PictureSize&) = default;
};

// The largest size of a picture's proportions inside a box, never larger than the picture, at least
// 1 pixel: what Pillow's Image.thumbnail() makes, which the old tool used. 1240 x 1754 inside
// 100 x 100 gives 71 x 100.
PictureSize FitInside(PictureSize picture, PictureSize box);

// The same for a height alone.
PictureSize FitHeight(PictureSize picture, uint32_t height);

// What a thumbnail's payload (document.h) may have in bytes: its slot. At quality 85, 4:2:0, small
// pictures need up to half a byte a pixel and 600 bytes of tables; the few that need more (fine
// screens, noise) lose some quality. At least the MinPayload() of codecs/image/jpeg_fit.h.
uint32_t ThumbnailPayload(PictureSize size);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_PICTURE_SIZE_H_
