#include "tests/codecs/decode/image_samples.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

namespace cbzfs::testing {
namespace {

struct Made {
  std::string folder;
  bool ours = false;  // made here, to be removed
  std::vector<ImageSample> samples;

  Made();
  ~Made() {
    std::error_code ignored;
    if (ours) std::filesystem::remove_all(folder, ignored);
  }
};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

Pixels ReadPnm(const std::string& path) {
  const std::string text = ReadAll(path);
  Pixels pixels;
  char kind = 0;
  int begin = 0;
  EXPECT_EQ(
      std::sscanf(text.c_str(), "P%c %u %u 255%n", &kind, &pixels.width, &pixels.height, &begin), 3)
      << path;
  pixels.components = kind == '5' ? 1 : 3;
  pixels.bytes.assign(text.begin() + begin + 1, text.end());
  EXPECT_EQ(pixels.bytes.size(), size_t{pixels.width} * pixels.height * pixels.components) << path;
  return pixels;
}

// Runs the script; the folder it filled.
std::string MakeSamples() {
  std::string folder = ::testing::TempDir() + "cbzfs-images-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    ADD_FAILURE() << "no scratch directory";
    return folder;
  }
  std::string command =
      std::string(CBZFS_PYTHON) + " -B " CBZFS_IMAGE_TEST_DATA "/make_images.py " + folder;
#ifdef CBZFS_HAVE_AVIF
  command += " avif";
#endif
#ifdef CBZFS_HAVE_JXL
  command += " jxl";
#endif
  if (std::system(command.c_str()) != 0) {
    ADD_FAILURE() << command << "\nneeds python3-pil, libavif-bin and libjxl-tools";
  }
  return folder;
}

Made::Made() {
  // ctest has them made once for all tests.
  const char* made = std::getenv("CBZFS_IMAGE_SAMPLES");
  ours = made == nullptr;
  folder = ours ? MakeSamples() : made;
  std::istringstream manifest(ReadAll(folder + "/manifest"));
  ImageSample sample;
  while (manifest >> sample.name >> sample.tolerance) {
    sample.file = ReadAll(folder + "/" + sample.name);
    sample.expected = ReadPnm(folder + "/" + sample.name + ".pnm");
    samples.push_back(sample);
  }
}

const Made& All() {
  static const Made made;
  return made;
}

}  // namespace

const std::vector<ImageSample>& ImageSamples() { return All().samples; }

std::vector<ImageSample> SamplesOf(const std::string& extension) {
  std::vector<ImageSample> found;
  for (const ImageSample& sample : ImageSamples()) {
    if (sample.name.substr(sample.name.rfind('.') + 1) == extension) found.push_back(sample);
  }
  EXPECT_FALSE(found.empty()) << extension;
  return found;
}

const ImageSample& SampleOf(const std::string& name) {
  for (const ImageSample& sample : ImageSamples()) {
    if (sample.name == name) return sample;
  }
  ADD_FAILURE() << "no sample " << name;
  static const ImageSample none;
  return none;
}

std::string SampleFile(const std::string& name) { return ReadAll(All().folder + "/" + name); }

absl::StatusOr<Pixels> DecodeAll(const std::string& file, const DecodeSize& size) {
  const std::unique_ptr<uint8_t[]> exact(new uint8_t[file.size()]);
  std::memcpy(exact.get(), file.data(), file.size());
  absl::StatusOr<std::unique_ptr<PixelRows>> rows = DecodeImage({exact.get(), file.size()}, size);
  if (!rows.ok()) return rows.status();
  if (absl::Status status = (*rows)->Rewind(); !status.ok()) return status;
  Pixels pixels = {
      .width = (*rows)->width(), .height = (*rows)->height(), .components = (*rows)->components()};
  const size_t row_bytes = size_t{pixels.width} * pixels.components;
  pixels.bytes.reserve(row_bytes * pixels.height);
  for (uint32_t y = 0; y < pixels.height; ++y) {
    const uint8_t* row = (*rows)->Next();
    if (row == nullptr) return (*rows)->status();
    pixels.bytes.insert(pixels.bytes.end(), row, row + row_bytes);
  }
  pixels.damage = (*rows)->damage();
  return pixels;
}

absl::Span<const uint8_t> Span(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

int Difference(const Pixels& a, const Pixels& b) {
  if (a.width != b.width || a.height != b.height || a.components != b.components ||
      a.bytes.size() != b.bytes.size()) {
    return 256;
  }
  int most = 0;
  for (size_t i = 0; i < a.bytes.size(); ++i) {
    most = std::max(most, std::abs(int{a.bytes[i]} - int{b.bytes[i]}));
  }
  return most;
}

}  // namespace cbzfs::testing
