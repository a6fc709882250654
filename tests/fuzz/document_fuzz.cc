// The index's blobs and the workers' page tables: DecodeDocument(). What comes out obeys its
// contract, and comes out again of what EncodeDocument() makes of it. And every such table has a
// layout, or is refused one in the ways that layout.h says: its pieces tile the file.

#include "codecs/document/document_codec.h"

#include <cmath>
#include <memory>

#include "codecs/document/utf8.h"
#include "codecs/zip/layout.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/layout_check.h"

namespace cbzfs {
namespace {

constexpr uint64_t kSourceBytes = 1 << 20;

void CheckRange(const Page& page, uint64_t source_bytes) {
  FUZZ_CHECK(page.source_offset <= source_bytes);
  FUZZ_CHECK(page.source_bytes <= source_bytes - page.source_offset);
}

void CheckPage(const Document& document, const Page& page, uint64_t source_bytes) {
  FUZZ_CHECK(page.width >= 1 && page.width <= kMaxPageSide);
  FUZZ_CHECK(page.height >= 1 && page.height <= kMaxPageSide);
  FUZZ_CHECK(std::isfinite(page.dpi) && page.dpi >= 0);
  FUZZ_CHECK(page.enhanced_bytes <= kMaxPayloadBytes);
  FUZZ_CHECK(page.decode_bytes <= kMaxDecodeBytes);
  switch (page.kind) {
    case PageKind::kDrawn:
      FUZZ_CHECK(uint64_t{page.width} * page.height <= kMaxPagePixels);
      FUZZ_CHECK(page.payload_bytes <= kMaxPayloadBytes);
      break;
    case PageKind::kExtracted:
      FUZZ_CHECK(page.payload_bytes <= kMaxPayloadBytes);
      break;
    case PageKind::kOriginal:
      CheckRange(page, source_bytes);
      FUZZ_CHECK(page.source_bytes >= 2 && page.source_bytes <= kMaxOriginalBytes);
      if (page.insert == -1) break;
      FUZZ_CHECK(page.insert >= 0 && size_t(page.insert) < document.inserts.size());
      FUZZ_CHECK(page.insert_at >= 2 && page.insert_at <= page.source_bytes);
      break;
    case PageKind::kImage:
      CheckRange(page, source_bytes);
      FUZZ_CHECK(uint64_t{page.width} * page.height <= kMaxPagePixels);
      break;
    case PageKind::kRaw:
      CheckRange(page, source_bytes);
      FUZZ_CHECK(page.width == 1 && page.height == 1 && page.enhanced_bytes == 0);
      break;
    case PageKind::kUnpacked:
      FUZZ_CHECK(page.source_offset == 0 && page.source_bytes == 0);
      FUZZ_CHECK(page.width == 1 && page.height == 1 && page.enhanced_bytes == 0);
      break;
    default:
      FUZZ_CHECK(!"a kind");
  }
}

void CheckDocument(const Document& document, uint64_t source_bytes) {
  FUZZ_CHECK(!document.pages.empty() && document.pages.size() <= kMaxPages);
  FUZZ_CHECK(document.entries.empty() || document.entries.size() == document.pages.size());
  for (const Page& page : document.pages) CheckPage(document, page, source_bytes);
  for (const std::string& insert : document.inserts) FUZZ_CHECK(insert.size() <= kMaxInsertBytes);
  for (const ArchiveEntry& entry : document.entries) FUZZ_CHECK(IsEntryName(entry.name));
  FUZZ_CHECK(CheckEntryNames(document.entries).ok());
  FUZZ_CHECK(document.notes.size() <= kMaxNotes);
  for (const Note& note : document.notes) {
    FUZZ_CHECK(note.page == Note::kWholeFile || note.page < document.pages.size());
    FUZZ_CHECK(fuzz::IsOneLine(note.text) && IsValidUtf8(note.text));
  }
  for (const auto& [field, text] : document.info.fields()) {
    FUZZ_CHECK(fuzz::IsOneLine(text) && IsValidUtf8(text) && Metadata::IsClean(field, text));
  }
  for (const PageMark& mark : document.marks) {
    FUZZ_CHECK(mark.page < document.pages.size() && !mark.empty());
    for (const std::string& text : {mark.bookmark, mark.label}) {
      FUZZ_CHECK(fuzz::IsOneLine(text) && IsValidUtf8(text) && text.size() <= kMaxMarkText);
    }
  }
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  absl::StatusOr<Document> document = DecodeDocument(bytes, kSourceBytes);
  if (!document.ok()) {
    FUZZ_CHECK(absl::IsDataLoss(document.status()));
    return 0;
  }
  CheckDocument(*document, kSourceBytes);
  const absl::StatusOr<Document> again = DecodeDocument(EncodeDocument(*document), kSourceBytes);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(*again == *document);

  // What a book does before it asks for a layout: enhanced images are drawn pages.
  for (Page& page : document->pages) {
    if (page.kind != PageKind::kImage) continue;
    page.kind = PageKind::kDrawn;
    page.payload_bytes = page.enhanced_bytes;
  }
  const auto shared = std::make_shared<const Document>(*std::move(document));
  for (const uint32_t guard : {0u, 4096u, 65536u}) {
    const auto layout = Layout::Create(shared, "A stem", {.fingerprint = size, .options = 2},
                                       {.guard = guard, .names = PageNames::kNumber});
    if (!layout.ok()) {
      FUZZ_CHECK(absl::IsOutOfRange(layout.status()));
      continue;
    }
    fuzz::CheckLayout(**layout, kSourceBytes, 0, UINT64_MAX);
  }
  return 0;
}
