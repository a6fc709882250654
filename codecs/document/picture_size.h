// How large pictures are made, in pixels and in bytes: pure arithmetic, so that a listing of
// thumbnails costs none of them.
//
// Pure functions: any thread. All sizes are at least 1.

#ifndef CBZFS_CODECS_DOCUMENT_PICTURE_SIZE_H_
#define CBZFS_CODECS_DOCUMENT_PICTURE_SIZE_H_

#include <cstdint>

namespace cbzfs {

struct PictureSize {
  uint32_t width = 1;
  uint32_t height = 1;
  friend bool operator==(const PictureSize&, const PictureSize&) = default;
};

// The largest size of the picture's aspect inside a box; the picture's own when it fits. Rounded as
// Pillow's Image.thumbnail() does, which the old tool used: to what keeps the aspect best. 1240 x
// 1754 inside 100 x 100 gives 71 x 100.
PictureSize FitInside(PictureSize picture, PictureSize box);

// Within kMaxPagePixels and kMaxPageSide (document.h): over 50 megapixels both sides times
// sqrt(50e6 / pixels), cut off (the seed's formula); then a side over 65 500 likewise.
PictureSize LimitPixels(PictureSize picture);

inline constexpr uint32_t kThumbnailQuality = 85;

// What a thumbnail's payload (document.h) may have in bytes: its slot. Of 3 479 pictures within
// 100 x 100, 200 x 200 and 300 and 600 pixels high, 96 to 99 % keep quality 85 in it and 99.7 %
// lose at most ten points; none of them goes under 40. See tests/bench/calibrate/METHOD.md. At
// least the MinPayload() of codecs/image/jpeg_fit.h.
uint32_t ThumbnailPayload(PictureSize size);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_PICTURE_SIZE_H_
