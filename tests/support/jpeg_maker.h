// JPEGs for tests, made and read with libjpeg, and the surgery that makes them odd.

#ifndef CBZFS_TESTS_SUPPORT_JPEG_MAKER_H_
#define CBZFS_TESTS_SUPPORT_JPEG_MAKER_H_

#include <cstdint>
#include <string>
#include <vector>

namespace cbzfs::testing {

struct JpegSpec {
  int width = 200;
  int height = 100;
  int components = 3;  // 1 gray, 3 RGB coded as YCbCr, 4 CMYK with an Adobe marker
  int quality = 90;
  bool progressive = false;
  bool store_rgb = false;  // 3 components without a colour transform, with an Adobe marker
  uint32_t seed = 1;       // of the picture
};

// A smooth picture with some edges; a pure function of the spec.
std::string MakeJpeg(const JpegSpec& spec);

// `jpeg` with a segment behind its SOI and APP0: `marker` 0xE1 is APP1 and so on.
std::string WithSegment(const std::string& jpeg, uint8_t marker, const std::string& body);

// A profile that passes for one: right size, signature, colour space ("RGB " or "GRAY").
std::string MakeProfile(const std::string& space, size_t bytes = 600);

struct Picture {
  int width = 0;
  int height = 0;
  int components = 0;
  std::vector<uint8_t> pixels;
};

// Decoded to gray or RGB; a width of 0 when libjpeg refuses it or warns.
Picture ReadJpeg(const std::string& jpeg);

// Peak signal-to-noise ratio in decibels; gray counts as RGB. 0 when the sizes differ.
double Psnr(const Picture& a, const Picture& b);

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_SUPPORT_JPEG_MAKER_H_
