// A raster as a JPEG that fits: FitJpeg() for any pixels, quality and room.

#include "codecs/image/jpeg_fit.h"

#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/support/jpeg_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  RasterView raster = {.width = input.Take<uint8_t>() % 81u,
                       .height = input.Take<uint8_t>() % 81u,
                       .components = input.Flag() ? 3u : 1u};
  const uint32_t quality = 1 + input.Take<uint8_t>() % 100;
  const uint64_t least = MinPayload(raster.width, raster.height);
  const uint64_t room = least - std::min<uint64_t>(least, 3) + input.Take<uint16_t>();
  // The bytes again and again.
  const absl::Span<const uint8_t> bytes = input.Rest();
  raster.stride = uint64_t{raster.width} * raster.components;
  std::vector<uint8_t> pixels(raster.stride * raster.height);
  for (size_t i = 0; i < pixels.size() && !bytes.empty(); ++i) pixels[i] = bytes[i % bytes.size()];
  raster.pixels = pixels.data();

  const auto fitted = FitJpeg(raster, quality, room);
  if (raster.width == 0 || raster.height == 0 || room < least) {
    FUZZ_CHECK(absl::IsInvalidArgument(fitted.status()));
    return 0;
  }
  FUZZ_CHECK(fitted.ok() && fitted->payload.size() <= room);
  FUZZ_CHECK(fitted->components == 1 || raster.components == 3);
  const testing::Picture made = testing::ReadJpeg("\xFF\xD8" + fitted->payload + "\xFF\xD9");
  FUZZ_CHECK(uint32_t(made.width) == raster.width && uint32_t(made.height) == raster.height);
  FUZZ_CHECK(uint32_t(made.components) == fitted->components);
  const auto again = FitJpeg(raster, quality, room);
  FUZZ_CHECK(again.ok() && again->payload == fitted->payload);
  return 0;
}
