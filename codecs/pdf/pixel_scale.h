// MuPDF's smooth scaling of an image, sixteen pixels at a time.
//
// The same pixels, to the last bit, as fz_scale_pixmap() of MuPDF 1.21 on x86-64: its cubic kernel
// 1 - 3d^2 + 2d^3, its weights of 1/256, its rounding to bytes between the two passes. Done there
// pixel by pixel, this was half of the time of a scanned page of line art.
//
// Internal to codecs/pdf. Pure functions; nothing is thrown or allocated, so MuPDF may call them.

#ifndef CBZFS_CODECS_PDF_PIXEL_SCALE_H_
#define CBZFS_CODECS_PDF_PIXEL_SCALE_H_

#include <cstddef>
#include <cstdint>

namespace cbzfs {

// How the pixels along one axis are scaled: `source` pixels to `length`, of which those from
// `begin` up to `end` are wanted.
struct ScaleAxis {
  int source = 0;  // at least 2
  int length = 0;  // at least 1, at most 2^16
  int begin = 0;
  int end = 0;
  bool flip = false;  // mirrored

  int count() const { return end - begin; }
  // The most pixels of the image that make one.
  int taps() const;
};

// What ScalePixels() needs to work in, in bytes.
size_t ScaleWorkspaceBytes(const ScaleAxis& x, const ScaleAxis& y, int components);

// Scales `source`, rows of interleaved components without gaps, to `to`, likewise, y.count() rows
// of x.count() pixels. False where a wanted pixel has no part of the image at all; `to` is then not
// written. The workspace is aligned as malloc aligns.
bool ScalePixels(const uint8_t* source, int components, const ScaleAxis& x, const ScaleAxis& y,
                 void* workspace, uint8_t* to);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PIXEL_SCALE_H_
