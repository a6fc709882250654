// Lays an opaque colour over a row of pixels through a mask: letters and filled paths are made of
// such rows. The same pixels as those of MuPDF 1.21's span painters.
//
// Internal to codecs/pdf. Pure functions; nothing is thrown or allocated, so MuPDF may call them.

#ifndef CBZFS_CODECS_PDF_PIXEL_SPAN_H_
#define CBZFS_CODECS_PDF_PIXEL_SPAN_H_

#include <cstdint>

namespace cbzfs {

// `count` pixels at `to`, of one component and of three.
void PaintGraySpan(uint8_t* to, const uint8_t* mask, int count, const uint8_t* color);
void PaintRgbSpan(uint8_t* to, const uint8_t* mask, int count, const uint8_t* color);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PIXEL_SPAN_H_
