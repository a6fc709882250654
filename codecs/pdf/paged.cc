#include "codecs/pdf/paged.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codecs/image/raster.h"
#include "codecs/pdf/display_facts.h"
#include "codecs/pdf/drawing.h"
#include "codecs/pdf/drawn_row.h"
#include "codecs/pdf/epub.h"
#include "codecs/pdf/pdf_internal.h"
#include "codecs/pdf/slot_model_pages.h"

// MuPDF's headers offer all handlers or none. All of them would have the worker try its hand at
// formats that nobody asked for.
extern "C" {
extern fz_document_handler xps_document_handler;
extern fz_document_handler epub_document_handler;
}

namespace cbzfs {
namespace {

using absl::StatusCode;

// A pixel of CSS is a point here, so an image that is as large as its page has 72 dots per inch.
constexpr AutoDpi kEpubDpi = {.least = 72, .most = 300, .without_image = 144};

// MuPDF leaves a margin around a page that is to be read as text.
constexpr char kNoMargins[] =
    "@page { margin: 0 } html, body { margin: 0; padding: 0 } p, div { margin: 0; padding: 0 } "
    "img, svg { display: block; margin: 0 }";
constexpr float kEm = 16;

struct Opened {
  fz_document* doc = nullptr;
  int count = 0;
};

void OpenImp(fz_context* ctx, absl::Span<const uint8_t> source, SourceFormat format,
             const EpubPackage& package, Opened* out) {
  const bool epub = format == SourceFormat::kEpub;
  fz_register_document_handler(ctx, epub ? &epub_document_handler : &xps_document_handler);
  if (epub) fz_set_user_css(ctx, kNoMargins);
  fz_stream* stream = fz_open_memory(ctx, source.data(), source.size());
  fz_try(ctx) { out->doc = fz_open_document_with_stream(ctx, epub ? ".epub" : ".xps", stream); }
  fz_always(ctx) { fz_drop_stream(ctx, stream); }
  fz_catch(ctx) { fz_rethrow(ctx); }
  if (epub) {
    fz_layout_document(ctx, out->doc, package.width, package.height, kEm);
    out->count = fz_count_chapters(ctx, out->doc);
  } else {
    out->count = fz_count_pages(ctx, out->doc);
  }
}

}  // namespace

struct PagedDocument::Impl {
  PdfEngine::Impl* engine = nullptr;
  fz_context* ctx = nullptr;
  fz_document* doc = nullptr;
  SourceFormat format = SourceFormat::kXps;
  uint32_t page_count = 0;
  EpubPackage package;

  ~Impl() {
    if (engine != nullptr) engine->TakeStoreFrom(this);
    fz_drop_document(ctx, doc);
  }

  // Of an EPUB the first page of each document: there are more where it does not fit the page.
  fz_location PlaceOf(uint32_t index) const {
    const int number = static_cast<int>(index);
    return format == SourceFormat::kEpub ? fz_make_location(number, 0)
                                         : fz_make_location(0, number);
  }

  struct Look {
    PageBox box;
    PageFacts facts;
  };
  absl::Status LookAt(uint32_t index, Look* look) const;
};

absl::Status PagedDocument::Impl::LookAt(uint32_t index, Look* look) const {
  fz_page* page = nullptr;
  const fz_location place = PlaceOf(index);
  absl::Status status = Try(ctx, StatusCode::kDataLoss, [&] {
    page = fz_load_chapter_page(ctx, doc, place.chapter, place.page);
    look->box.box = look->box.bounds = fz_bound_page(ctx, page);
    look->box.ctm = fz_identity;
  });
  if (status.ok()) look->facts = FactsOfDisplay(ctx, page, format == SourceFormat::kXps);
  fz_drop_page(ctx, page);
  return status;
}

PagedDocument::PagedDocument(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PagedDocument::~PagedDocument() = default;

absl::StatusOr<std::unique_ptr<PagedDocument>> PagedDocument::Open(PdfEngine* engine,
                                                                   absl::Span<const uint8_t> source,
                                                                   SourceFormat format) {
  auto impl = std::make_unique<Impl>();
  impl->engine = engine->impl();
  impl->ctx = engine->impl()->ctx;
  impl->format = format;
  if (format == SourceFormat::kEpub) {
    absl::StatusOr<EpubPackage> package = ReadEpubPackage(impl->ctx, source);
    if (!package.ok()) return package.status();
    if (!package->fixed_layout) {
      return absl::NotFoundError("the text of the EPUB flows: it has no pages of its own");
    }
    impl->package = *std::move(package);
  }
  impl->engine->GiveStoreTo(impl.get());
  Opened opened;
  const absl::Status status = Try(impl->ctx, StatusCode::kInvalidArgument, [&] {
    OpenImp(impl->ctx, source, format, impl->package, &opened);
  });
  impl->doc = opened.doc;  // closed with impl from here on
  if (!status.ok()) return status;
  if (opened.count < 1) return absl::NotFoundError("the document has no pages");
  impl->page_count = static_cast<uint32_t>(opened.count);
  return std::unique_ptr<PagedDocument>(new PagedDocument(std::move(impl)));
}

uint32_t PagedDocument::page_count() const { return impl_->page_count; }

absl::StatusOr<Document> PagedDocument::Analyse(const AnalyseOptions& options, bool sparing) {
  impl_->engine->GiveStoreTo(impl_.get());
  if (impl_->page_count > options.max_pages) {
    return absl::InvalidArgumentError("the document has more pages than max_pages allows");
  }
  const AutoDpi choice = impl_->format == SourceFormat::kEpub ? kEpubDpi : AutoDpi{};
  Document document;
  document.info = impl_->package.info;
  std::vector<SlotPage> described;
  for (uint32_t i = 0; i < impl_->page_count; ++i) {
    Impl::Look look;
    look.box.bounds = {0, 0, 612, 792};
    const absl::Status status = impl_->LookAt(i, &look);
    if (absl::IsResourceExhausted(status)) return status;
    // A page that cannot be looked at keeps its place, and fails when it is drawn.
    const DrawnImages images = ImagesOf(
        look.facts, look.box.ctm, options.dpi != 0 ? static_cast<float>(options.dpi) : choice.most);
    Page page = DrawnRow(look.box, ChosenDpi(options, images, choice), look.facts.gray, images);
    page.why_drawn = status.ok() ? WhyDrawn::kNoPdf : WhyDrawn::kDamaged;
    described.push_back(DescribePage(page.width, page.height, page.dpi, look.facts));
    document.pages.push_back(page);
  }
  FillSlots(
      [&](uint32_t index, const Page& row,
          std::optional<float>* enhanced) -> std::optional<SmallDrawing> {
        Drawing drawing(impl_->ctx);
        const absl::Status status = drawing.Draw(impl_->doc, impl_->PlaceOf(index), SmallRow(row));
        if (!status.ok()) return std::nullopt;
        return MeasureDrawn(drawing.raster(), options, enhanced);
      },
      described, options, sparing, &document.pages);
  return document;
}

absl::StatusOr<FittedImage> PagedDocument::Produce(uint32_t index, const Page& page,
                                                  const AnalyseOptions& options,
                                                  uint64_t max_payload, bool exact) {
  impl_->engine->GiveStoreTo(impl_.get());
  if (index >= impl_->page_count) return absl::NotFoundError("no such page");
  if (page.width == 0 || page.height == 0 || !(page.dpi > 0) ||
      uint64_t{page.width} * page.height > kMaxPagePixels) {
    return absl::InvalidArgumentError("impossible page size");
  }
  Drawing drawing(impl_->ctx);
  const absl::Status status = drawing.Draw(impl_->doc, impl_->PlaceOf(index), page);
  if (!status.ok()) return status;
  RasterRows rows(drawing.raster());
  return FitJpeg(rows, {.quality = options.quality, .max_payload = max_payload, .exact = exact});
}

}  // namespace cbzfs
