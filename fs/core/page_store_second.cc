// PageStore and the second level: what it has is a page like any other, and what a worker made is
// kept there. See page_store.h, stored_page.h.

#include <errno.h>

#include <string>
#include <utility>

#include "fs/core/errno_status.h"
#include "fs/core/library.h"
#include "fs/core/page_recipe.h"
#include "fs/core/page_store.h"
#include "fs/core/stored_page.h"

namespace cbzfs {

// Whoever leaves meanwhile is noticed when a worker is asked, as ever; a page that comes from the
// second level is kept whether or not somebody waits still.
void PageStore::LookInSecondLevel(const Open& book, const Flight& flight,
                                  const StoreKey& store_key) {
  second_->Get(store_key, [this, book, flight, store_key](std::optional<std::string> value) {
    if (!value.has_value()) return Make(book, flight);
    auto made = TakeStored(*book, flight.key, store_key, *value);
    if (!made.ok() && absl::IsDataLoss(made.status())) {
      second_->Remove(store_key);
      return Make(book, flight);
    }
    flights_.Complete(flight.key, made);
  });
}

absl::StatusOr<PageStore::MadePointer> PageStore::TakeStored(const OpenBook& book, const Key& key,
                                                             const StoreKey& store_key,
                                                             std::string_view value) {
  std::optional<Drawn> drawn = DecodeStoredPage(store_key, value);
  if (!drawn.has_value()) return absl::DataLossError("not what was stored");
  const std::string note = std::move(drawn->note);
  auto body = BodyOf(*book.book, key.page, *std::move(drawn));
  if (!body.ok()) return absl::DataLossError(body.status().message());
  // The key says which version of the source it is a page of; the file that is open may be another
  // by now.
  if (!SourceUnchanged(book, key.page)) {
    return ErrnoStatus(EIO, "the source changed while the page was made");
  }
  if (!note.empty()) ReportNote(book, key.page, note);
  ++stored_;
  Recovered(key);
  return Keep(key, *std::move(body), absl::OkStatus());
}

void PageStore::KeepInSecondLevel(const OpenBook& book, uint32_t page, const Drawn& drawn) {
  if (second_ == nullptr) return;
  if (const auto store_key = StoreKeyOf(*book.book, page)) {
    second_->Put(*store_key, EncodeStoredPage(*store_key, drawn));
  }
}

}  // namespace cbzfs
