// An image file made into a page of the enhanced view or a thumbnail: EnhancePicture() and
// ShrinkPicture(), the file as a comic of its own, and how long its slot is. Sixteen bytes of
// options, then the file.

#include "codecs/image/jpeg_fit.h"
#include "codecs/picture/picture.h"

#include <string>

#include "codecs/comic/image_comic.h"
#include "codecs/document/document_codec.h"
#include "codecs/document/picture_size.h"
#include "codecs/picture/image_page.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/jpeg_maker.h"

namespace cbzfs {
namespace {

constexpr uint64_t kMostPixels = 300'000;

void CheckMade(const MadePicture& made, const PictureRequest& request) {
  FUZZ_CHECK(made.image.payload.size() <= request.max_payload);
  FUZZ_CHECK(made.image.quality <= 100 && fuzz::IsOneLine(made.note));
  // A damaged image may be handed on as it is.
  if (!made.note.empty()) return;
  const testing::Picture picture = testing::ReadJpeg("\xFF\xD8" + made.image.payload + "\xFF\xD9");
  FUZZ_CHECK(uint32_t(picture.width) == request.width);
  FUZZ_CHECK(uint32_t(picture.height) == request.height);
  FUZZ_CHECK(uint32_t(picture.components) == made.image.components);
}

EnhanceOptions TakeEnhance(fuzz::Input& input) {
  return {.on = input.Flag(),
          .curve = input.Take<uint8_t>() / 255.0,
          .gamma = 0.1 + input.Take<uint8_t>() * (9.9 / 255),
          .brightness = input.Take<uint8_t>() / 25.5f,
          .contrast = input.Take<uint8_t>() / 25.5f,
          .cutoff = input.Take<uint8_t>() * (49 / 255.0)};
}

// The page that the table promises can be made, and fits.
void CheckComic(absl::Span<const uint8_t> file, const AnalyseOptions& options, bool sparing) {
  const auto document = AnalyseImage(file, options, sparing);
  if (!document.ok()) return;
  const auto same = DecodeDocument(EncodeDocument(*document), file.size());
  FUZZ_CHECK(same.ok() && *same == *document);
  const Page& row = document->pages[0];
  FUZZ_CHECK(row.enhanced_bytes >= (options.enhanced ? MinPayload(row.width, row.height) : 0));
  if (!options.enhanced) return;
  const PictureRequest request = {.width = row.width,
                                  .height = row.height,
                                  .quality = options.quality,
                                  .max_payload = row.enhanced_bytes,
                                  .enhance = options.enhance};
  const auto made = EnhancePicture(file, request);
  if (made.ok()) CheckMade(*made, request);
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  PictureRequest request = {.width = 1u + input.Take<uint8_t>() % 150,
                            .height = 1u + input.Take<uint8_t>() % 150,
                            .quality = 40u + input.Take<uint8_t>() % 61};
  request.max_payload = MinPayload(request.width, request.height) + input.Take<uint16_t>() - 20;
  request.enhance = TakeEnhance(input);
  const uint8_t flags = input.Take<uint8_t>();
  input.Bytes(4);  // spare
  const absl::Span<const uint8_t> file = input.Rest();
  const auto described = DescribeImage(file, file.size());
  EndsProperly(file);
  if (!described.ok()) {
    FUZZ_CHECK(!CheckImage(file).ok());
    return 0;
  }
  const Page& row = described->row;
  FUZZ_CHECK(uint64_t{row.width} * row.height <= kMaxPagePixels);
  FUZZ_CHECK(row.width <= kMaxPageSide && row.height <= kMaxPageSide);
  if (described->slot.file_pixels > kMostPixels) return 0;
  const auto made = (flags & 1) != 0 ? EnhancePicture(file, request) : ShrinkPicture(file, request);
  if (made.ok()) CheckMade(*made, request);
  CheckComic(file,
             {.quality = request.quality, .enhanced = (flags & 2) == 0, .enhance = request.enhance},
             (flags & 4) != 0);
  return 0;
}
