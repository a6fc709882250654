#include "codecs/comic/image_comic.h"

#include "absl/strings/str_cat.h"
#include "codecs/picture/image_page.h"

namespace cbzfs {
namespace {

absl::StatusOr<ImagePage> Look(absl::Span<const uint8_t> file) {
  absl::StatusOr<ImagePage> page = DescribeImage(file, file.size());
  if (!page.ok()) {
    return absl::Status(page.status().code(),
                        absl::StrCat(page.status().message(), ": shown as it is"));
  }
  if (!EndsProperly(file)) {
    return absl::InvalidArgumentError("the image ends too early: shown as it is");
  }
  return page;
}

}  // namespace

absl::Status CheckImage(absl::Span<const uint8_t> file) { return Look(file).status(); }

absl::StatusOr<Document> AnalyseImage(absl::Span<const uint8_t> file, const AnalyseOptions& options,
                                      bool sparing) {
  absl::StatusOr<ImagePage> page = Look(file);
  if (!page.ok()) return page.status();
  Document document;
  document.pages.push_back(page->row);
  Page& row = document.pages.front();
  row.source_offset = 0;
  row.source_bytes = file.size();
  if (!options.enhanced) return document;
  Page* const rows[] = {&row};
  FillEnhancedSlots(
      {page->slot}, options, sparing, [&](size_t, UseImage use) { use(file); }, rows);
  return document;
}

}  // namespace cbzfs
