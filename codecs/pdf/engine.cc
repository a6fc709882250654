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

PdfEngine::PdfEngine() : impl_(std::make_unique<Impl>()) {}
PdfEngine::~PdfEngine() = default;

std::string PrintableText(std::string_view text, size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    // C0 and C1 controls, DEL, line and paragraph separator: what could break a line or a terminal.
    const bool control =
        c.code < 0x20 || (c.code >= 0x7F && c.code < 0xA0) || c.code == 0x2028 || c.code == 0x2029;
    const std::string_view piece = c.bytes == 0 ? "?" : control ? " " : text.substr(0, c.bytes);
    if (out.size() + piece.size() > max_bytes) break;
    out += piece;
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  const size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

absl::Status CaughtStatus(fz_context* ctx, absl::StatusCode code) {
  if (fz_caught(ctx) == FZ_ERROR_MEMORY) code = absl::StatusCode::kResourceExhausted;
  return absl::Status(code, PrintableText(fz_caught_message(ctx), kMaxMessageBytes));
}

}  // namespace cbzfs
