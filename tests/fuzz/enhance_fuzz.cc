// Enhancing and scaling of any pixels by any options, even ones that no mount has: both ways of
// enhancing give the same, statistics can be merged, and what scaling gives is as large as asked.

#include "codecs/image/enhance.h"

#include <bit>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "codecs/image/resize.h"
#include "codecs/image/size_sample.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs {
namespace {

std::vector<uint8_t> AllRows(PixelRows& rows) {
  std::vector<uint8_t> all;
  FUZZ_CHECK(rows.Rewind().ok());
  for (uint32_t y = 0; y < rows.height(); ++y) {
    const uint8_t* const row = rows.Next();
    FUZZ_CHECK(row != nullptr);
    all.insert(all.end(), row, row + size_t{rows.width()} * rows.components());
  }
  return all;
}

// Bit patterns, so that infinities and what is no number occur.
EnhanceOptions TakeOptions(fuzz::Input& input) {
  EnhanceOptions options;
  const uint8_t which = input.Take<uint8_t>();
  options.on = (which & 1) == 0;
  if (which & 2) options.curve = std::bit_cast<double>(input.Take<uint64_t>());
  if (which & 4) options.gamma = std::bit_cast<double>(input.Take<uint64_t>());
  if (which & 8) options.brightness = std::bit_cast<float>(input.Take<uint32_t>());
  if (which & 16) options.contrast = std::bit_cast<float>(input.Take<uint32_t>());
  if (which & 32) options.cutoff = std::bit_cast<double>(input.Take<uint64_t>());
  return options;
}

// Of the halves merged and of the whole.
void CheckMerge(const RasterView& raster, const EnhanceOptions& options) {
  EnhanceStatistics whole(options);
  EnhanceStatistics above(options);
  EnhanceStatistics below(options);
  for (uint32_t y = 0; y < raster.height; ++y) {
    whole.Add(raster.Row(y), raster.width, raster.components);
    (y % 2 == 0 ? above : below).Add(raster.Row(y), raster.width, raster.components);
  }
  above.Merge(below);
  FUZZ_CHECK(above.Mean() == whole.Mean());
  for (uint32_t c = 0; c < raster.components; ++c) {
    FUZZ_CHECK(above.Channel(c) == whole.Channel(c));
  }
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  const EnhanceOptions options = TakeOptions(input);
  RasterView raster = {.width = 1u + input.Take<uint8_t>() % 40,
                       .height = 1u + input.Take<uint8_t>() % 40,
                       .components = input.Flag() ? 3u : 1u};
  const uint32_t width = 1 + input.Take<uint8_t>() % 80;
  const uint32_t height = 1 + input.Take<uint8_t>() % 80;
  const uint32_t quality = 1 + input.Take<uint8_t>() % 100;
  const absl::Span<const uint8_t> bytes = input.Rest();
  raster.stride = uint64_t{raster.width} * raster.components;
  std::vector<uint8_t> pixels(raster.stride * raster.height);
  for (size_t i = 0; i < pixels.size() && !bytes.empty(); ++i) pixels[i] = bytes[i % bytes.size()];
  raster.pixels = pixels.data();

  RasterRows source(raster);
  const auto kept = KeepEnhanced(source, options);
  FUZZ_CHECK(kept.ok());
  const auto streamed = EnhanceRows(std::make_unique<RasterRows>(raster), options);
  FUZZ_CHECK(AllRows(**kept) == AllRows(*streamed));
  if (!options.on) FUZZ_CHECK(AllRows(*streamed) == pixels);
  CheckMerge(raster, options);

  const auto scaled = ResizeRows(std::make_unique<RasterRows>(raster), width, height);
  FUZZ_CHECK(scaled->width() == width && scaled->height() == height);
  FUZZ_CHECK(AllRows(*scaled) == AllRows(*scaled));
  const auto estimate = EstimateEnhancedPayload(source, options, quality);
  FUZZ_CHECK(estimate.ok() && std::isfinite(*estimate) && *estimate > 0);
  return 0;
}
