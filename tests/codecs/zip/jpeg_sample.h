// JPEGs made and read with libjpeg itself: what the padded ones are compared with.

#ifndef CBZFS_TESTS_CODECS_ZIP_JPEG_SAMPLE_H_
#define CBZFS_TESTS_CODECS_ZIP_JPEG_SAMPLE_H_

#include <cstdint>
#include <string>

namespace cbzfs::testing {

struct JpegSampleOptions {
  uint32_t width = 120;
  uint32_t height = 90;
  int components = 3;
  int quality = 85;
  bool progressive = false;
};

// A picture of gradients and noise. SOI, an APP0 of 18 bytes, ..., EOI.
std::string MakeJpeg(const JpegSampleOptions& options, uint32_t seed);

struct DecodedJpeg {
  bool ok = false;    // decoded to the last line without an error or a warning
  std::string error;  // what libjpeg said
  uint32_t width = 0;
  uint32_t height = 0;
  std::string pixels;
};

DecodedJpeg DecodeJpeg(const std::string& bytes);

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_ZIP_JPEG_SAMPLE_H_
