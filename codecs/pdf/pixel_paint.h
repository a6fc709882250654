// Copies an opaque image into a page, upright or turned by a right angle, as MuPDF's
// fz_paint_image() does: the same pixels to the last bit.
//
// MuPDF steps through the image in fixed point numbers of 14 bits behind the point, and either
// takes the pixel it is in or mixes four. It decides for each pixel anew what is the same for all
// of a row or a column; that is decided once here.
//
// Internal to codecs/pdf. Pure functions; nothing is thrown or allocated, so MuPDF may call them.

#ifndef CBZFS_CODECS_PDF_PIXEL_PAINT_H_
#define CBZFS_CODECS_PDF_PIXEL_PAINT_H_

#include <cstddef>
#include <cstdint>

namespace cbzfs {

// `width` x `height` pixels of `components` bytes are painted at `to`. The first lies at (u, v) of
// the image; a pixel to the right adds (right_u, right_v), one down adds (down_u, down_v). Of each
// pair one is 0.
struct Painting {
  const uint8_t* image = nullptr;
  ptrdiff_t image_stride = 0;
  int image_width = 0;
  int image_height = 0;
  int components = 0;
  uint8_t* to = nullptr;
  ptrdiff_t to_stride = 0;
  int width = 0;
  int height = 0;
  int u = 0;
  int v = 0;
  int right_u = 0;
  int right_v = 0;
  int down_u = 0;
  int down_v = 0;
};

inline constexpr int kPaintFraction = 14;  // bits behind the point of all these

// Takes for each pixel the one of the image that it lies in; what lies outside stays as it is.
// Upright (right_v == 0, down_u == 0) or turned (right_u == 0, down_v == 0).
void PaintNearest(const Painting& painting);

// Paints `color` where the image, one component, is not 0, mixed with what is there by the image
// and by `opacity`. `painting.components` are the page's. Upright and pixel by pixel: false, with
// nothing done, where it is not.
bool PaintMask(const Painting& painting, const uint8_t* color, uint8_t opacity);

// What PaintMixed() needs to work in, in bytes.
size_t MixWorkspaceBytes(const Painting& painting);

// Mixes the four nearest pixels of the image. Upright only. (u, v) as for PaintNearest(): half a
// pixel is taken off here. The workspace is aligned as malloc aligns.
void PaintMixed(const Painting& painting, void* workspace);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PIXEL_PAINT_H_
