// How long the slots of enhanced images are chosen, from any facts about them: never under the
// least that fits, and the sample is within the comic.

#include <bit>
#include <optional>
#include <vector>

#include "codecs/document/document.h"
#include "codecs/document/document_codec.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/picture/enhanced_slot.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  const uint32_t quality = 40 + input.Take<uint8_t>() % 61;
  std::vector<SlotImage> images;
  std::vector<double> truths;
  while (input.left() > 0 && images.size() < 40) {
    SlotImage image;
    image.width = static_cast<uint32_t>(input.Between(1, kMaxPageSide));
    image.height = static_cast<uint32_t>(
        input.Between(1, std::min<uint64_t>(kMaxPageSide, kMaxPagePixels / image.width)));
    image.file_bytes = input.Between(1, 100 << 20);
    image.file_pixels = input.Between(1, uint64_t{1} << 31);
    image.format = static_cast<ImageFormat>(input.Between(1, 9));
    image.quantiser = static_cast<uint32_t>(input.Between(0, 65'535));
    image.icc_bytes = static_cast<uint32_t>(input.Between(0, 1 << 20));
    images.push_back(image);
    truths.push_back(static_cast<double>(input.Between(1, 50'000'000)));
  }
  if (images.empty()) return 0;
  const std::vector<size_t> sample = ChooseEnhancedSample(images);
  FUZZ_CHECK(sample.size() <= kMostSampledImages);
  std::vector<std::optional<double>> measured(images.size());
  size_t next = 0;
  for (const size_t index : sample) {
    FUZZ_CHECK(index >= next && index < images.size());
    next = index + 1;
    measured[index] = truths[index];
  }
  const std::vector<uint32_t> slots = ChooseEnhancedSlots(images, measured, quality);
  FUZZ_CHECK(slots.size() == images.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    FUZZ_CHECK(slots[i] >= MinPayload(images[i].width, images[i].height) + images[i].icc_bytes);
    FUZZ_CHECK(slots[i] <= kMaxPayloadBytes);
  }
  return 0;
}
