// The table of contents (ISO 32000-1, 12.3.3). MuPDF's own reading makes a tree of all of it, which
// a small hostile file can make as large as it likes; this one looks at kMostItems at most.

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "codecs/pdf/document_info.h"

namespace cbzfs {
namespace {

constexpr size_t kMostItems = 4096;

struct Item {
  const char* title = nullptr;  // MuPDF's, for as long as the document is open
  int page_object = 0;          // where it leads: the page's object number,
  int64_t page_index = -1;      // or its index
  int first = 0;                // object numbers of the first item below, and of the next one
  int next = 0;
};

// What an explicit destination says, or a named one stands for.
void TakeDestination(fz_context* ctx, pdf_document* doc, pdf_obj* dest, Item* item) {
  if (pdf_is_name(ctx, dest) || pdf_is_string(ctx, dest)) dest = pdf_lookup_dest(ctx, doc, dest);
  if (pdf_is_dict(ctx, dest)) dest = pdf_dict_get(ctx, dest, PDF_NAME(D));
  if (!pdf_is_array(ctx, dest)) return;
  pdf_obj* page = pdf_array_get(ctx, dest, 0);
  if (pdf_is_int(ctx, page)) {
    item->page_index = pdf_to_int64(ctx, page);
  } else {
    item->page_object = pdf_to_num(ctx, page);
  }
}

void ReadItem(fz_context* ctx, pdf_document* doc, int number, Item* item) {
  pdf_obj* object = pdf_load_object(ctx, doc, number);
  fz_try(ctx) {
    item->first = pdf_to_num(ctx, pdf_dict_get(ctx, object, PDF_NAME(First)));
    item->next = pdf_to_num(ctx, pdf_dict_get(ctx, object, PDF_NAME(Next)));
    pdf_obj* dest = pdf_dict_get(ctx, object, PDF_NAME(Dest));
    pdf_obj* action = pdf_dict_get(ctx, object, PDF_NAME(A));
    if (dest == nullptr &&
        pdf_name_eq(ctx, pdf_dict_get(ctx, action, PDF_NAME(S)), PDF_NAME(GoTo))) {
      dest = pdf_dict_get(ctx, action, PDF_NAME(D));
    }
    item->title = pdf_dict_get_text_string(ctx, object, PDF_NAME(Title));
    TakeDestination(ctx, doc, dest, item);
  }
  fz_always(ctx) { pdf_drop_obj(ctx, object); }
  fz_catch(ctx) { fz_rethrow(ctx); }
}

// Which page each page object is.
absl::StatusOr<absl::flat_hash_map<int, uint32_t>> PagesByObject(Pdf::Impl* pdf, size_t pages) {
  absl::flat_hash_map<int, uint32_t> by_object;
  for (uint32_t i = 0; i < pages; ++i) {
    const absl::StatusOr<pdf_obj*> page = pdf->tree.Find(i);
    if (absl::IsResourceExhausted(page.status())) return page.status();
    if (page.ok()) by_object.emplace(pdf_to_num(pdf->ctx, *page), i);
  }
  return by_object;
}

}  // namespace

absl::Status FindBookmarks(Pdf::Impl* pdf, std::vector<std::string>* bookmarks) {
  int top = 0;
  absl::Status status = Try(pdf->ctx, absl::StatusCode::kDataLoss, [&] {
    pdf_obj* outlines = pdf_dict_getp(pdf->ctx, pdf_trailer(pdf->ctx, pdf->doc), "Root/Outlines");
    top = pdf_to_num(pdf->ctx, pdf_dict_get(pdf->ctx, outlines, PDF_NAME(First)));
  });
  if (absl::IsResourceExhausted(status)) return status;
  if (top == 0) return absl::OkStatus();
  const auto by_object = PagesByObject(pdf, bookmarks->size());
  if (!by_object.ok()) return by_object.status();

  absl::flat_hash_set<int> seen;
  std::vector<int> ahead = {top};
  while (!ahead.empty() && seen.size() < kMostItems) {
    const int number = ahead.back();
    ahead.pop_back();
    if (number == 0 || !seen.insert(number).second) continue;
    Item item;
    status = Try(pdf->ctx, absl::StatusCode::kDataLoss,
                 [&] { ReadItem(pdf->ctx, pdf->doc, number, &item); });
    if (absl::IsResourceExhausted(status)) return status;
    ahead.push_back(item.next);
    ahead.push_back(item.first);
    if (const auto page = by_object->find(item.page_object); page != by_object->end()) {
      item.page_index = page->second;
    }
    if (item.title == nullptr || item.page_index < 0) continue;
    if (item.page_index >= static_cast<int64_t>(bookmarks->size())) continue;
    std::string& bookmark = (*bookmarks)[static_cast<size_t>(item.page_index)];
    if (bookmark.empty()) bookmark = item.title;
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
