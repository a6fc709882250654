#include "codecs/pdf/enhanced_originals.h"

#include "codecs/picture/image_page.h"

namespace cbzfs {

absl::Span<const uint8_t> OriginalStream(absl::Span<const uint8_t> source, const Page& row) {
  if (row.source_offset > source.size() || row.source_bytes > source.size() - row.source_offset) {
    return {};
  }
  const absl::Span<const uint8_t> rest = source.subspan(row.source_offset);
  const size_t bytes = row.source_bytes;
  const bool ended = rest.size() >= bytes + 2 && rest[bytes] == 0xFF && rest[bytes + 1] == 0xD9;
  return rest.first(ended ? bytes + 2 : bytes);
}

void DescribeOriginals(absl::Span<const uint8_t> source, const AnalyseOptions& options,
                       bool sparing, std::vector<Page>* rows) {
  std::vector<SlotImage> images;
  std::vector<Page*> pages;
  for (Page& row : *rows) {
    SlotImage slot{.width = row.width,
                   .height = row.height,
                   .file_bytes = row.payload_bytes,
                   .file_pixels = uint64_t{row.width} * row.height,
                   .format = ImageFormat::kJpeg};
    if (row.kind == PageKind::kOriginal) {
      const absl::Span<const uint8_t> stream = OriginalStream(source, row);
      const absl::StatusOr<ImagePage> page = DescribeImage(stream, stream.size());
      slot.file_bytes = stream.size();
      if (page.ok()) {
        slot = page->slot;
        row.decode_bytes = page->row.decode_bytes;
      }
    } else if (row.kind != PageKind::kExtracted) {
      continue;
    }
    images.push_back(slot);
    pages.push_back(&row);
  }
  if (!options.enhanced) return;
  const auto data = [&](size_t i, UseImage use) {
    if (pages[i]->kind == PageKind::kOriginal) use(OriginalStream(source, *pages[i]));
  };
  FillEnhancedSlots(images, options, sparing, data, absl::MakeConstSpan(pages));
}

}  // namespace cbzfs
