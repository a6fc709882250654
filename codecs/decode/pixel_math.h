// What decoders do with pixels that are not 8-bit gray or RGB. All of it is Pillow's arithmetic, so
// that pages look as that library shows them (and tests can compare).
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DECODE_PIXEL_MATH_H_
#define CBZFS_CODECS_DECODE_PIXEL_MATH_H_

#include <cstddef>
#include <cstdint>

namespace cbzfs {

// v / 255 to the nearest, for v from 0 to 255 * 255.
inline uint8_t Div255(uint32_t v) {
  v += 128;
  return static_cast<uint8_t>(((v >> 8) + v) >> 8);
}

// A sample of straight alpha on white: (v * a + 255 * (255 - a)) / 255 to the nearest. It is what
// both Image.alpha_composite() and Image.paste() with a mask give on an opaque white picture.
inline uint8_t OnWhite(uint8_t v, uint8_t alpha) {
  return Div255(uint32_t{v} * alpha + 255u * (255u - alpha));
}

// The same for samples that were multiplied with their alpha already.
inline uint8_t PremultipliedOnWhite(uint8_t v, uint8_t alpha) {
  const uint32_t sum = uint32_t{v} + (255u - alpha);
  return static_cast<uint8_t>(sum > 255 ? 255 : sum);
}

// `count` pixels of `colors` samples and an alpha become pixels of `colors` samples. `out` may be
// `in`: it is written from the front and never overtakes.
inline void FlattenOnWhite(const uint8_t* in, size_t count, int colors, uint8_t* out) {
  for (; count > 0; --count, in += colors + 1) {
    const uint8_t alpha = in[colors];
    for (int c = 0; c < colors; ++c) *out++ = alpha == 255 ? in[c] : OnWhite(in[c], alpha);
  }
}

// CMYK with 255 for full ink to RGB, without a profile: Image.convert("RGB"). In place as above.
inline void CmykToRgb(const uint8_t* in, size_t count, uint8_t* out) {
  for (; count > 0; --count, in += 4) {
    const uint32_t light = 255u - in[3];
    for (int c = 0; c < 3; ++c) {
      *out++ = static_cast<uint8_t>(light - Div255(in[c] * light));
    }
  }
}

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_PIXEL_MATH_H_
