#include <algorithm>
#include <cstring>

#include "codecs/decode/jpeg_payload.h"
#include "codecs/image/kept_rows.h"
#include "codecs/image/resize.h"
#include "codecs/pdf/color_profiles.h"
#include "codecs/pdf/drawing.h"
#include "codecs/pdf/enhanced_originals.h"
#include "codecs/pdf/original_image.h"
#include "codecs/pdf/page_box.h"
#include "codecs/pdf/pdf_internal.h"
#include "codecs/pdf/small_jpx.h"

namespace cbzfs {
namespace {

using absl::StatusCode;

// Loads the page that the tree walk found, not the one MuPDF would count to: a page map of one
// entry stands in for the page tree meanwhile. A map also spares the search of the whole tree for
// each link's target.
void LoadPage(fz_context* ctx, pdf_document* doc, pdf_obj* object, uint32_t index,
              pdf_page** page) {
  int number = pdf_to_num(ctx, object);
  if (number == 0) {  // a page that stands in the tree directly
    *page = pdf_load_page(ctx, doc, static_cast<int>(index));
    return;
  }
#if FZ_VERSION_MAJOR == 1 && FZ_VERSION_MINOR < 22
  pdf_rev_page_map reverse = {0, number};
  doc->fwd_page_map = &number;
  doc->rev_page_map = &reverse;
  doc->map_page_count = 1;
  fz_try(ctx) { *page = pdf_load_page(ctx, doc, 0); }
  fz_always(ctx) {
    doc->fwd_page_map = nullptr;
    doc->rev_page_map = nullptr;
    doc->map_page_count = 0;
  }
  fz_catch(ctx) { fz_rethrow(ctx); }
  // Through a map, MuPDF 1.21 takes one reference to the page's dictionary too many.
  pdf_drop_obj(ctx, (*page)->obj);  // NOLINT(clang-analyzer-core.NullDereference)
#else
  *page = pdf_load_page(ctx, doc, static_cast<int>(index));
#endif
}

void UseMediaBox(fz_context* ctx, pdf_page* page) {
  if (pdf_dict_get_inheritable(ctx, page->obj, PDF_NAME(CropBox)) == nullptr) return;
  pdf_obj* copy = CopyPageWithoutCropBox(ctx, page->obj);
  pdf_drop_obj(ctx, page->obj);
  page->obj = copy;
}

void RunPage(fz_context* ctx, fz_page* page, fz_pixmap* pixmap, fz_matrix ctm) {
  fz_device* device = nullptr;
  // With a cookie, errors in the content are counted and passed over, as `mutool draw` does.
  fz_cookie cookie = {};
  fz_var(device);
  fz_try(ctx) {
    device = fz_new_draw_device(ctx, fz_identity, pixmap);
    ImageWatch::Of(ctx)->Watch(device);
    // Directly, not through a display list: a cycle of Type 3 fonts costs a thousand times more.
    fz_run_page(ctx, page, device, ctm, &cookie);
    fz_close_device(ctx, device);
  }
  fz_always(ctx) { fz_drop_device(ctx, device); }
  fz_catch(ctx) { fz_rethrow(ctx); }
}

bool IsBlank(const fz_pixmap& pixmap) {
  const auto row_bytes = static_cast<size_t>(pixmap.w) * pixmap.n;
  for (int y = 0; y < pixmap.h; ++y) {
    const unsigned char* row = pixmap.samples + y * pixmap.stride;
    if (!std::all_of(row, row + row_bytes, [](unsigned char c) { return c == 255; })) return false;
  }
  return true;
}

}  // namespace

Drawing::~Drawing() {
  fz_drop_pixmap(ctx_, pixmap_);
  fz_drop_page(ctx_, page_);
}

absl::Status Drawing::Draw(pdf_document* doc, pdf_obj* object, uint32_t index, const Page& row,
                           AnalyseOptions::Box box) {
  ImageWatch::Of(ctx_)->ForgetImages();
  const absl::Status status = Try(ctx_, StatusCode::kDataLoss, [&] {
    pdf_page* page = nullptr;
    LoadPage(ctx_, doc, object, index, &page);
    page_ = &page->super;
    if (box == AnalyseOptions::Box::kMedia) UseMediaBox(ctx_, page);
    MakePixmap(row);
  });
  return status.ok() ? Run() : status;
}

absl::Status Drawing::Draw(fz_document* doc, fz_location place, const Page& row) {
  ImageWatch::Of(ctx_)->ForgetImages();
  const absl::Status status = Try(ctx_, StatusCode::kDataLoss, [&] {
    page_ = fz_load_chapter_page(ctx_, doc, place.chapter, place.page);
    MakePixmap(row);
  });
  return status.ok() ? Run() : status;
}

void Drawing::MakePixmap(const Page& row) {
  const DrawGeometry geometry =
      GeometryFor(fz_bound_page(ctx_, page_), row.dpi, row.width, row.height);
  ctm_ = geometry.ctm;
  fz_colorspace* space = row.gray ? fz_device_gray(ctx_) : fz_device_rgb(ctx_);
  pixmap_ = fz_new_pixmap_with_bbox(ctx_, space, geometry.area, nullptr, 0);
  fz_clear_pixmap_with_value(ctx_, pixmap_, 255);
}

absl::Status Drawing::Run() {
  absl::Status status =
      Try(ctx_, StatusCode::kDataLoss, [&] { RunPage(ctx_, page_, pixmap_, ctm_); });
  // An error half-way leaves what was drawn before it, which is more than nothing; but the end of
  // memory strikes at another place each time, and a page must have the same bytes always.
  if (absl::IsResourceExhausted(status)) return status;
  return IsBlank(*pixmap_) ? status : absl::OkStatus();
}

RasterView Drawing::raster() const {
  return {.pixels = pixmap_->samples,
          .width = static_cast<uint32_t>(pixmap_->w),
          .height = static_cast<uint32_t>(pixmap_->h),
          .components = pixmap_->n,
          .stride = static_cast<uint64_t>(pixmap_->stride)};
}

absl::StatusOr<FittedImage> Pdf::Impl::Extract(pdf_obj* object, const AnalyseOptions& options,
                                              uint64_t max_payload) {
  OriginalImage image;
  int image_object = 0;
  fz_buffer* buffer = nullptr;
  absl::Status status = Try(ctx, StatusCode::kDataLoss, [&] {
    const PageBox box = PageBox::FromObject(ctx, object, options.box);
    const LoneJpeg lone = FindLoneJpeg(ctx, doc, object, box.box);
    image = FindOriginal(ctx, doc, source, lone, box);
    image_object = pdf_to_num(ctx, lone.image);
    if (image.kind == PageKind::kExtracted) {
      buffer = pdf_load_raw_stream_number(ctx, doc, image_object);
    }
  });
  if (!status.ok()) return status;
  if (buffer == nullptr) return absl::DataLossError("the page's image is not where it was");
  ColorProfiles profiles(ctx, doc);
  std::string insert;
  if (image.profile_object != 0) {
    const ColorProfiles::Lookup found = profiles.Find(image.profile_object, image.gray ? 1 : 3);
    if (found.insert >= 0) insert = profiles.insert(found.insert);
  }
  absl::StatusOr<FittedImage> jpeg =
      PayloadOf(absl::MakeConstSpan(buffer->data, buffer->len), insert);
  fz_drop_buffer(ctx, buffer);
  if (jpeg.ok() && jpeg->payload.size() > max_payload) {
    return absl::DataLossError("the page's image is longer than its slot");
  }
  return jpeg;
}

absl::StatusOr<FittedImage> Pdf::Produce(uint32_t index, const Page& page,
                                        const AnalyseOptions& options, uint64_t max_payload,
                                        bool exact) {
  impl_->TakeStore();
  if (page.kind == PageKind::kOriginal) {
    return absl::InvalidArgumentError("an original page is not produced");
  }
  if (page.width == 0 || page.height == 0 || !(page.dpi > 0) ||
      uint64_t{page.width} * page.height > kMaxPagePixels) {
    if (page.kind == PageKind::kDrawn) return absl::InvalidArgumentError("impossible page size");
  }
  const absl::StatusOr<pdf_obj*> object = impl_->tree.Find(index);
  if (!object.ok()) return object.status();
  if (page.kind == PageKind::kExtracted) return impl_->Extract(*object, options, max_payload);
  Drawing drawing(impl_->ctx);
  const absl::Status status = drawing.Draw(impl_->doc, *object, index, page, options.box);
  if (!status.ok()) return status;
  RasterRows rows(drawing.raster());
  return FitJpeg(rows, {.quality = options.quality, .max_payload = max_payload, .exact = exact});
}

absl::Span<const uint8_t> Pdf::Original(const Page& page, std::string* buffer) const {
  const absl::Span<const uint8_t> stream = OriginalStream(impl_->source, page);
  if (stream.size() != page.source_bytes || stream.empty()) return stream;
  buffer->assign(reinterpret_cast<const char*>(stream.data()), stream.size());
  buffer->append("\xFF\xD9");
  return {reinterpret_cast<const uint8_t*>(buffer->data()), buffer->size()};
}

absl::StatusOr<FittedImage> Pdf::ProduceSmall(uint32_t index, const Page& page,
                                             const AnalyseOptions& options,
                                             const SmallPicture& picture) {
  impl_->TakeStore();
  const absl::StatusOr<pdf_obj*> object = impl_->tree.Find(index);
  if (!object.ok()) return object.status();
  if (picture.width == 0 || picture.height == 0 || !(page.dpi > 0)) {
    return absl::InvalidArgumentError("impossible page size");
  }
  // A whole fraction of the page, at least twice as large as the picture: MuPDF then decodes the
  // image at a half, a quarter or an eighth, and the filter has enough to choose from.
  const uint32_t divisor =
      std::max(1u, std::min(page.width / (2 * picture.width), page.height / (2 * picture.height)));
  Page small = page;
  small.width = (page.width + divisor - 1) / divisor;
  small.height = (page.height + divisor - 1) / divisor;
  small.dpi = page.dpi * static_cast<float>(small.width) / static_cast<float>(page.width);
  auto drawing = std::make_unique<Drawing>(impl_->ctx);
  absl::Status status;
  bool again = false;
  {
    // The image may lie on its side.
    const SmallJpx small_jpx(std::max(small.width, small.height));
    status = drawing->Draw(impl_->doc, *object, index, small, options.box);
    again = small_jpx.failed();
  }
  if (again) {
    drawing = std::make_unique<Drawing>(impl_->ctx);
    status = drawing->Draw(impl_->doc, *object, index, small, options.box);
  }
  if (!status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<PixelRows>> rows = KeepRows(
      ResizeRows(std::make_unique<RasterRows>(drawing->raster()), picture.width, picture.height));
  if (!rows.ok()) return rows.status();
  return FitJpeg(
      **rows,
      {.quality = picture.quality, .max_payload = picture.max_payload, .exact = picture.exact});
}

}  // namespace cbzfs
