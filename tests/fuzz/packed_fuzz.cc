// A RAR, 7z or tar archive as a comic, through libarchive: its table can be stored and read back,
// its entries are what the table says whatever order they are asked for in, and the pages it
// promises can be made and fit. Two bytes of options, then the archive.

#include <algorithm>
#include <memory>
#include <string>

#include "codecs/archive/legacy_charsets.h"
#include "codecs/comic/packed_comic.h"
#include "codecs/document/document_codec.h"
#include "codecs/packed/volumes.h"
#include "codecs/zip/crc_force.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs {
namespace {

constexpr uint64_t kMostPixels = 100'000;
constexpr size_t kMostPages = 6;

void CheckEntry(PackedComic& comic, const ArchiveEntry& entry) {
  const auto data = comic.Read(entry.index, entry.bytes);
  FUZZ_CHECK(data.ok() && data->size() == entry.bytes && ExtendCrc(0, *data) == entry.crc);
  if (entry.bytes > 0) {
    FUZZ_CHECK(absl::IsResourceExhausted(comic.Read(entry.index, entry.bytes - 1).status()));
  }
}

void CheckPage(PackedComic& comic, const Document& document, size_t index,
               const AnalyseOptions& options) {
  const Page& row = document.pages[index];
  if (row.kind != PageKind::kImage || uint64_t{row.width} * row.height > kMostPixels) return;
  const auto made = comic.MakePage(document.entries[index].index, EnhancePicture,
                                   {.width = row.width,
                                    .height = row.height,
                                    .quality = options.quality,
                                    .max_payload = row.enhanced_bytes,
                                    .enhance = options.enhance});
  if (!made.ok()) return;
  FUZZ_CHECK(made->image.payload.size() <= row.enhanced_bytes && fuzz::IsOneLine(made->note));
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  static const std::unique_ptr<const LegacyCharsets> charsets = *LegacyCharsets::Load();
  static const bool utf8 = PackedReader::UseUtf8Names();
  FUZZ_CHECK(utf8);
  fuzz::Input input(data, size);
  AnalyseOptions options;
  options.quality = 40 + input.Take<uint8_t>() % 61;
  const uint8_t flags = input.Take<uint8_t>();
  options.enhanced = (flags & 1) == 0;
  options.max_pages = (flags & 2) == 0 ? 10'000 : 2;
  const absl::Span<const uint8_t> file = input.Rest();
  TraitsOfRar(file);
  const auto comic = PackedComic::Open(file, charsets.get());
  if (!comic.ok()) return 0;
  const auto images = (*comic)->CountImages();
  const auto document = (*comic)->Analyse(options, (flags & 4) != 0);
  if (!document.ok()) return 0;
  FUZZ_CHECK(images.ok() && *images > 0);
  const auto same = DecodeDocument(EncodeDocument(*document), file.size());
  FUZZ_CHECK(same.ok() && *same == *document);
  const size_t pages = std::min(document->pages.size(), kMostPages);
  for (size_t i = 0; i < pages; ++i) CheckEntry(**comic, document->entries[i]);
  for (size_t i = pages; i > 0; --i) CheckEntry(**comic, document->entries[i - 1]);
  if (!options.enhanced) return 0;
  for (size_t i = 0; i < pages; ++i) CheckPage(**comic, *document, i, options);
  return 0;
}
