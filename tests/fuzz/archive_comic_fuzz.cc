// A real archive as a comic: its table can be stored and read back, and the pages it promises can
// be made and fit. Two bytes of options, then the archive.

#include "codecs/comic/archive_comic.h"
#include "codecs/image/jpeg_fit.h"

#include <memory>
#include <string>

#include "codecs/archive/legacy_charsets.h"
#include "codecs/document/document_codec.h"
#include "codecs/zip/archive_names.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/jpeg_maker.h"

namespace cbzfs {
namespace {

constexpr uint64_t kMostPixels = 100'000;

void CheckPage(ArchiveComic& comic, const Document& document, size_t index,
               const AnalyseOptions& options) {
  const Page& row = document.pages[index];
  const ArchiveEntry& entry = document.entries[index];
  constexpr uint64_t kMost = 1 << 20;
  const auto data = comic.Read(entry.index, kMost);
  if (data.ok()) FUZZ_CHECK(data->size() == entry.bytes && entry.bytes <= kMost);
  if (row.kind != PageKind::kImage || uint64_t{row.width} * row.height > kMostPixels) return;
  const PictureRequest request = {.width = row.width,
                                  .height = row.height,
                                  .quality = options.quality,
                                  .max_payload = row.enhanced_bytes,
                                  .enhance = options.enhance};
  if (!options.enhanced) return;
  FUZZ_CHECK(request.max_payload >= MinPayload(row.width, row.height));
  const auto made = comic.MakePage(entry.index, EnhancePicture, request);
  if (!made.ok()) return;
  FUZZ_CHECK(made->image.payload.size() <= request.max_payload && fuzz::IsOneLine(made->note));
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  static const std::unique_ptr<const LegacyCharsets> charsets = *LegacyCharsets::Load();
  fuzz::Input input(data, size);
  AnalyseOptions options;
  options.quality = 40 + input.Take<uint8_t>() % 61;
  const uint8_t flags = input.Take<uint8_t>();
  options.enhanced = (flags & 1) == 0;
  options.max_pages = (flags & 2) == 0 ? 10'000 : 2;
  const absl::Span<const uint8_t> file = input.Rest();
  const auto comic = ArchiveComic::Open(file, charsets.get());
  if (!comic.ok()) return 0;
  const auto images = (*comic)->CountImages();
  const auto document = (*comic)->Analyse(options, (flags & 4) != 0);
  if (!document.ok()) return 0;
  FUZZ_CHECK(images.ok() && *images > 0);
  const auto same = DecodeDocument(EncodeDocument(*document), file.size());
  FUZZ_CHECK(same.ok() && *same == *document);
  const std::vector<std::string> names = ArchivePageNames(*document);
  FUZZ_CHECK(names.size() == document->pages.size());
  for (const std::string& name : names) FUZZ_CHECK(IsEntryName(name));
  for (size_t i = 0; i < std::min<size_t>(document->pages.size(), 4); ++i) {
    CheckPage(**comic, *document, i, options);
  }
  return 0;
}
