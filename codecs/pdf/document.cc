#include <algorithm>

#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {
namespace {

using absl::StatusCode;

struct Opened {
  pdf_document* doc = nullptr;
  bool locked = false;    // it does not open without a password
  bool unlocked = false;  // one of those that were given opened it
  int64_t count = 0;      // what /Count claims, never more than the table of objects can hold
  int64_t objects = 0;    // entries of the cross-reference table
};

int64_t CountPages(fz_context* ctx, pdf_document* doc) {
  // Object 0 is never used, so a table of n entries has room for n - 1 pages. A page may be listed
  // twice, but a file whose pages outnumber its objects is lying.
  const int64_t room = std::max(pdf_xref_len(ctx, doc) - 1, 0);
  return std::min<int64_t>(pdf_count_pages(ctx, doc), room);
}

void OpenImp(fz_context* ctx, absl::Span<const uint8_t> source,
             absl::Span<const std::string> passwords, Opened* out) {
  fz_stream* stream = fz_open_memory(ctx, source.data(), source.size());
  // The document keeps the stream. Scripts stay off: nothing calls pdf_enable_js.
  fz_try(ctx) { out->doc = pdf_open_document_with_stream(ctx, stream); }
  fz_always(ctx) { fz_drop_stream(ctx, stream); }
  fz_catch(ctx) { fz_rethrow(ctx); }
  out->locked = pdf_needs_password(ctx, out->doc) && !pdf_authenticate_password(ctx, out->doc, "");
  if (out->locked) {
    for (const std::string& password : passwords) {
      out->unlocked = pdf_authenticate_password(ctx, out->doc, password.c_str()) != 0;
      if (out->unlocked) break;
    }
    if (!out->unlocked) return;
  }
  out->count = CountPages(ctx, out->doc);
}

// A damaged table can hide the page tree without being noticed: 2 of 16 empty documents of the
// wild have pages after a repair.
void RepairImp(fz_context* ctx, Opened* out) {
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): opened before
  if (out->doc->repair_attempted) return;
  pdf_repair_xref(ctx, out->doc);
  pdf_repair_trailer(ctx, out->doc);
  out->count = CountPages(ctx, out->doc);
}

}  // namespace

Pdf::Pdf(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pdf::~Pdf() = default;

Pdf::Impl::~Impl() {
  if (engine != nullptr) engine->TakeStoreFrom(this);
  tree.Clear();
  if (doc != nullptr) pdf_drop_document(ctx, doc);
}

void Pdf::Impl::TakeStore() { engine->GiveStoreTo(this); }

absl::StatusOr<std::unique_ptr<Pdf>> Pdf::Open(PdfEngine* engine, absl::Span<const uint8_t> source,
                                               absl::Span<const std::string> passwords) {
  auto impl = std::make_unique<Impl>();
  fz_context* ctx = engine->impl()->ctx;
  impl->engine = engine->impl();
  impl->ctx = ctx;
  impl->source = source;

  Opened opened;
  absl::Status status =
      Try(ctx, StatusCode::kInvalidArgument, [&] { OpenImp(ctx, source, passwords, &opened); });
  impl->doc = opened.doc;  // closed with impl from here on
  if (!status.ok()) return status;
  if (opened.locked && !opened.unlocked) {
    return absl::PermissionDeniedError(passwords.empty()
                                           ? "a password is needed"
                                           : "a password is needed, and none of those given for "
                                             "the file opens it");
  }
  impl->locked = opened.locked;
  if (opened.count < 1) {
    status = Try(ctx, StatusCode::kInvalidArgument, [&] { RepairImp(ctx, &opened); });
    if (absl::IsResourceExhausted(status)) return status;
    if (opened.count < 1) return absl::NotFoundError("the document has no pages");
  }
  impl->page_count = static_cast<uint32_t>(opened.count);
  impl->tree.Reset(ctx, opened.doc, impl->page_count);
  // A document opens if its first page is there: what opens here is not refused later on.
  absl::Status first = impl->tree.Find(0).status();
  if (absl::IsNotFound(first) && !opened.doc->repair_attempted) {
    status = Try(ctx, StatusCode::kInvalidArgument, [&] { RepairImp(ctx, &opened); });
    if (absl::IsResourceExhausted(status)) return status;
    impl->page_count = static_cast<uint32_t>(std::max<int64_t>(opened.count, 1));
    impl->tree.Reset(ctx, opened.doc, impl->page_count);
    first = impl->tree.Find(0).status();
  }
  if (absl::IsNotFound(first)) return absl::NotFoundError("the document has no pages");
  if (!first.ok()) return first;
  return std::unique_ptr<Pdf>(new Pdf(std::move(impl)));
}

uint32_t Pdf::page_count() const { return impl_->page_count; }

}  // namespace cbzfs
