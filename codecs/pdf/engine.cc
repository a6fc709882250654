#include <new>

#include "codecs/document/utf8.h"
#include "codecs/pdf/pdf_internal.h"
#ifdef CBZFS_RASTER_WRAPS
#include "codecs/pdf/raster_wraps.h"
#endif

namespace cbzfs {
namespace {

// Decoded images, fonts and glyph outlines are kept up to this. It holds the images of a page that
// is drawn in one go; more would only save work between pages, which seldom share large images.
constexpr size_t kStoreBytes = size_t{64} << 20;

constexpr size_t kMaxMessageBytes = 300;

void KeepMessage(void* user, const char* message) {
  auto* engine = static_cast<PdfEngine::Impl*>(user);
  fz_strlcpy(engine->last_message, message, sizeof engine->last_message);
}

}  // namespace

PdfEngine::Impl::Impl() {
  ctx = fz_new_context(nullptr, nullptr, kStoreBytes);
  if (ctx == nullptr) throw std::bad_alloc();
#ifdef CBZFS_RASTER_WRAPS
  UseRasterWraps();
#endif
  image_watch = std::make_unique<ImageWatch>(ctx);
  fz_set_warning_callback(ctx, KeepMessage, this);
  fz_set_error_callback(ctx, KeepMessage, this);
}

PdfEngine::Impl::~Impl() { fz_drop_context(ctx); }

void PdfEngine::Impl::GiveStoreTo(const void* document) {
  if (in_store == document) return;
  fz_empty_store(ctx);
  in_store = document;
}

void PdfEngine::Impl::TakeStoreFrom(const void* document) {
  if (in_store == document) GiveStoreTo(nullptr);
}

PdfEngine::PdfEngine() : impl_(std::make_unique<Impl>()) {}
PdfEngine::~PdfEngine() = default;

absl::Status CaughtStatus(fz_context* ctx, absl::StatusCode code) {
  if (fz_caught(ctx) == FZ_ERROR_MEMORY) code = absl::StatusCode::kResourceExhausted;
  return absl::Status(code, PrintableText(fz_caught_message(ctx), kMaxMessageBytes));
}

}  // namespace cbzfs
