#include "codecs/comic/entry_comic.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

constexpr size_t kMostNotes = 1000;
constexpr size_t kMaxNoteBytes = 300;

}  // namespace

absl::Status NoImages() { return absl::NotFoundError("an archive without images: shown as it is"); }

absl::Status CheckPageCount(size_t pages, const AnalyseOptions& options) {
  if (pages <= options.max_pages) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      pages, " pages are more than -o max_pages=", options.max_pages, " allows: shown as it is"));
}

void FillSlotsOf(absl::Span<const SlotImage> images, absl::Span<const uint32_t> image_pages,
                 const AnalyseOptions& options, bool sparing,
                 absl::FunctionRef<void(size_t, UseImage)> data, Document* document) {
  std::vector<Page*> rows;
  rows.reserve(image_pages.size());
  for (const uint32_t page : image_pages) rows.push_back(&document->pages[page]);
  FillEnhancedSlots(images, options, sparing, data, rows);
}

void AddNote(uint32_t page, absl::string_view text, Document* document) {
  if (document->notes.size() >= kMostNotes) return;
  document->notes.push_back({.page = page, .text = std::string(text.substr(0, kMaxNoteBytes))});
}

}  // namespace cbzfs
