// The images of data/make_images.py, made once for each test program.

#ifndef CBZFS_TESTS_CODECS_DECODE_IMAGE_SAMPLES_H_
#define CBZFS_TESTS_CODECS_DECODE_IMAGE_SAMPLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/decode/image_decode.h"

namespace cbzfs::testing {

struct Pixels {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t components = 0;
  std::vector<uint8_t> bytes;
  std::string damage;
};

struct ImageSample {
  std::string name;
  std::string file;
  Pixels expected;
  int tolerance = 0;
};

// A failed test when the script or a program it needs is missing.
const std::vector<ImageSample>& ImageSamples();
// Those with this extension; at least one, or the test fails.
std::vector<ImageSample> SamplesOf(const std::string& extension);
const ImageSample& SampleOf(const std::string& name);
// Another file that the script wrote.
std::string SampleFile(const std::string& name);

// The file from a heap block of exactly its bytes, so that a sanitizer sees reads past them.
absl::StatusOr<Pixels> DecodeAll(const std::string& file, const DecodeSize& size = {});

absl::Span<const uint8_t> Span(const std::string& bytes);

// Largest difference of a sample; 256 when the sizes differ.
int Difference(const Pixels& a, const Pixels& b);

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_DECODE_IMAGE_SAMPLES_H_
