#include "codecs/pdf/epub.h"

#include <algorithm>
#include <string>
#include <utility>

#include "codecs/metadata/epub_package.h"
#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {
namespace {

using absl::StatusCode;

// Documents of the spine that are asked how large a page is.
constexpr size_t kMostAsked = 4;
constexpr size_t kMostBytes = 1 << 20;

constexpr char kContainerPath[] = "META-INF/container.xml";
constexpr char kDisplayOptionsPath[] = "META-INF/com.apple.ibooks.display-options.xml";

// The archive that an EPUB is (OCF), through MuPDF, which reads the rest of it as well.
class Container {
 public:
  explicit Container(fz_context* ctx) : ctx_(ctx) {}
  ~Container() { fz_drop_archive(ctx_, archive_); }
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  absl::Status Open(absl::Span<const uint8_t> source) {
    return Try(ctx_, StatusCode::kInvalidArgument, [&] {
      fz_stream* stream = fz_open_memory(ctx_, source.data(), source.size());
      fz_try(ctx_) { archive_ = fz_open_zip_archive_with_stream(ctx_, stream); }
      fz_always(ctx_) { fz_drop_stream(ctx_, stream); }
      fz_catch(ctx_) { fz_rethrow(ctx_); }
    });
  }

  // The first MiB of an entry.
  absl::StatusOr<std::string> Read(const std::string& name) {
    fz_buffer* buffer = nullptr;
    const absl::Status status = Try(ctx_, StatusCode::kInvalidArgument, [&] {
      fz_stream* stream = fz_open_archive_entry(ctx_, archive_, name.c_str());
      fz_try(ctx_) {
        buffer = fz_new_buffer(ctx_, kMostBytes);
        buffer->len = fz_read(ctx_, stream, buffer->data, kMostBytes);
      }
      fz_always(ctx_) { fz_drop_stream(ctx_, stream); }
      fz_catch(ctx_) { fz_rethrow(ctx_); }
    });
    std::string text;
    if (status.ok()) text.assign(reinterpret_cast<const char*>(buffer->data), buffer->len);
    fz_drop_buffer(ctx_, buffer);
    if (!status.ok()) return status;
    return text;
  }

 private:
  fz_context* const ctx_;
  fz_archive* archive_ = nullptr;
};

}  // namespace

absl::StatusOr<EpubPackage> ReadEpubPackage(fz_context* ctx, absl::Span<const uint8_t> source) {
  Container container(ctx);
  if (absl::Status status = container.Open(source); !status.ok()) return status;
  const absl::StatusOr<std::string> root = container.Read(kContainerPath);
  if (!root.ok()) return root.status();
  const absl::StatusOr<std::string> path = PackagePathOf(*root);
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> text = container.Read(*path);
  if (!text.ok()) return text.status();
  absl::StatusOr<PackageDocument> document = ReadPackageDocument(*text, *path);
  if (!document.ok()) return document.status();

  EpubPackage package;
  package.info = std::move(document->info);
  package.fixed_layout = document->fixed_layout;
  if (!package.fixed_layout) {
    const absl::StatusOr<std::string> options = container.Read(kDisplayOptionsPath);
    package.fixed_layout = options.ok() && DisplayOptionsFixLayout(*options);
  }
  if (!package.fixed_layout) return package;
  const size_t asked = std::min(document->spine.size(), kMostAsked);
  for (size_t i = 0; i < asked; ++i) {
    const absl::StatusOr<std::string> page = container.Read(document->spine[i]);
    if (absl::IsResourceExhausted(page.status())) return page.status();
    const auto viewport = page.ok() ? ViewportOf(*page) : std::nullopt;
    if (!viewport.has_value()) continue;
    package.width = viewport->width;
    package.height = viewport->height;
    break;
  }
  return package;
}

}  // namespace cbzfs
