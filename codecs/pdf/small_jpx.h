// JPEG 2000 images decoded at a part of their size where the page comes out small.
//
// MuPDF asks OpenJPEG for the whole image, whatever becomes of it. A JPEG 2000 codestream holds the
// image at halves, quarters and so on, each level a fraction of the work: of a thumbnail of a scan
// at 300 dpi 94 % of the instructions were this decoder's. The linker sends MuPDF's call of
// opj_decode() here (--wrap, see CMakeLists.txt), where OpenJPEG is told to leave levels out, and
// MuPDF takes the smaller image for the whole. With a MuPDF that is a shared library its calls go
// past this, and nothing is smaller.
//
// Images whose components differ in size stay whole: MuPDF wants their sizes to be exact multiples.
// Of an image of which the page shows a small part, that part may come out softer than it could.
//
// Internal to codecs/pdf. One thread at a time; what is decoded on others stays whole.

#ifndef CBZFS_CODECS_PDF_SMALL_JPX_H_
#define CBZFS_CODECS_PDF_SMALL_JPX_H_

#include <cstdint>

namespace cbzfs {

// While it lives, images are decoded no larger than they have to be for both of their sides to have
// `least_side` pixels. Whatever was decoded meanwhile must not serve a larger drawing later on:
// ImageWatch sees to that.
class SmallJpx {
 public:
  explicit SmallJpx(uint32_t least_side);
  ~SmallJpx();
  SmallJpx(const SmallJpx&) = delete;
  SmallJpx& operator=(const SmallJpx&) = delete;

  // An image could not be decoded small, and was not decoded at all. It may yet be decoded whole:
  // the main header tells how many levels there are, and a tile may have fewer.
  bool failed() const;

  // Images that were decoded at a part of their size, on this thread, ever.
  static uint64_t reduced();
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_SMALL_JPX_H_
