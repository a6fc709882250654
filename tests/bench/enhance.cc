// The enhancement alone, for tests/bench/run to set beside Pillow's on the same pixels:
//
//   cbzfs-bench-enhance FILE WIDTH HEIGHT COMPONENTS ROUNDS
//
// FILE holds the pixels. Prints the median of the processor seconds of a round, once in passes (as
// a page goes that is too large to keep) and once with the pixels kept, then the CRC-32 of the
// pixels that come out.

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/document/document.h"
#include "codecs/image/enhance.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {
namespace {

[[noreturn]] void Fail(const char* why) {
  std::fprintf(stderr, "cbzfs-bench-enhance: %s\n", why);
  std::exit(1);
}

std::vector<uint8_t> ReadPixels(const char* path, size_t size) {
  std::vector<uint8_t> pixels(size);
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path, "rb"), &std::fclose);
  if (file == nullptr || std::fread(pixels.data(), 1, size, file.get()) != size) {
    Fail("the file does not hold the pixels");
  }
  return pixels;
}

double ProcessorSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Every row looked at, as an encoder would.
uint32_t Drain(PixelRows& rows, uint32_t (*see)(uint32_t, const uint8_t*, size_t)) {
  if (!rows.Rewind().ok()) Fail("no pass");
  uint32_t seen = 0;
  for (uint32_t y = 0; y < rows.height(); ++y) {
    const uint8_t* row = rows.Next();
    if (row == nullptr) Fail("rows ended");
    seen = see(seen, row, size_t{rows.width()} * rows.components());
  }
  return seen;
}

uint32_t FirstByte(uint32_t seen, const uint8_t* row, size_t) { return seen + row[0]; }

uint32_t Crc(uint32_t seen, const uint8_t* row, size_t size) {
  return static_cast<uint32_t>(crc32(seen, row, static_cast<uInt>(size)));
}

std::unique_ptr<PixelRows> InPasses(const RasterView& raster) {
  return EnhanceRows(std::make_unique<RasterRows>(raster), EnhanceOptions{});
}

std::unique_ptr<PixelRows> Kept(const RasterView& raster) {
  RasterRows rows(raster);
  absl::StatusOr<std::unique_ptr<PixelRows>> kept = KeepEnhanced(rows, EnhanceOptions{});
  if (!kept.ok()) Fail("no memory");
  return *std::move(kept);
}

double Median(const RasterView& raster, std::unique_ptr<PixelRows> (*make)(const RasterView&),
              int rounds) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const double start = ProcessorSeconds();
    const std::unique_ptr<PixelRows> rows = make(raster);
    Drain(*rows, &FirstByte);
    times.push_back(ProcessorSeconds() - start);
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[static_cast<size_t>(rounds) / 2];
}

int Main(char** argv) {
  const auto number = [argv](int i) { return static_cast<uint32_t>(std::atol(argv[i])); };
  const uint32_t width = number(2), height = number(3), components = number(4);
  const int rounds = std::atoi(argv[5]);
  if (width == 0 || height == 0 || (components != 1 && components != 3) || rounds < 1) {
    Fail("FILE WIDTH HEIGHT COMPONENTS ROUNDS");
  }
  const uint64_t stride = uint64_t{width} * components;
  const std::vector<uint8_t> pixels = ReadPixels(argv[1], stride * height);
  const RasterView raster{pixels.data(), width, height, components, stride};
  Median(raster, &Kept, 1);  // the first round pays for memory and clock speed
  const double passes = Median(raster, &InPasses, rounds);
  const double kept = Median(raster, &Kept, rounds);
  std::printf("%.9f %.9f %u\n", passes, kept, Drain(*Kept(raster), &Crc));
  return 0;
}

}  // namespace
}  // namespace cbzfs

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: %s FILE WIDTH HEIGHT COMPONENTS ROUNDS\n", argv[0]);
    return 2;
  }
  return cbzfs::Main(argv);
}
