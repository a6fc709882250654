#include <algorithm>
#include <cmath>

#include "codecs/pdf/color_profiles.h"
#include "codecs/pdf/document_info.h"
#include "codecs/pdf/enhanced_originals.h"
#include "codecs/pdf/original_image.h"
#include "codecs/pdf/page_box.h"
#include "codecs/pdf/page_facts.h"
#include "codecs/pdf/pdf_internal.h"
#include "codecs/pdf/slot_model_pages.h"

namespace cbzfs {
namespace {

constexpr float kLeastAutoDpi = 150;
constexpr float kMostAutoDpi = 300;
constexpr float kDefaultAutoDpi = 200;  // of a page without an image

// Of decoded images MuPDF holds on to so many while it draws a page: the size of its store.
constexpr uint64_t kMostKept = uint64_t{64} << 20;
// OpenJPEG decodes all of an image, at full size, to integers of 32 bits.
constexpr uint64_t kJpxSampleBytes = 4;
// A dictionary may claim any size; MuPDF refuses what is larger than this by itself.
constexpr uint64_t kMostDecodeBytes = uint64_t{4} << 30;

// What one look at a page finds. Plain data: filled in under Try().
struct Draft {
  PageBox box;
  bool annotated = false;
  OriginalImage original;
  WhyDrawn why = WhyDrawn::kDamaged;
  float image_dpi = 0;  // of the largest image; 0: there is none
  bool gray = false;
  bool lone_image = false;
  uint64_t image_bytes = 0;  // decoded images, as far as they are held at once
  uint64_t plane_bytes = 0;  // samples of the largest JPEG 2000 image
};

void LookAtPage(const Pdf::Impl& pdf, pdf_obj* page, const AnalyseOptions& options, Draft* draft) {
  draft->box = PageBox::FromObject(pdf.ctx, page, options.box);
  draft->annotated = HasVisibleAnnotations(pdf.ctx, page);
  draft->why = !options.original ? WhyDrawn::kNotAsked : WhyDrawn::kAnnotations;
  if (!options.original || draft->annotated) return;
  draft->why = WhyDrawn::kDamaged;
  const LoneJpeg lone = FindLoneJpeg(pdf.ctx, pdf.doc, page, draft->box.box);
  draft->original = FindOriginal(pdf.ctx, pdf.doc, pdf.source, lone, draft->box);
  draft->why = draft->original.why;
}

// Resolution of an image as it is placed, in pixels per inch; 0 where it has none.
float PlacedResolution(const ImagePlacement& image, const PageBox& box) {
  const fz_matrix ctm = fz_concat(image.ctm, box.ctm);
  const float across = std::hypot(ctm.a, ctm.b);
  const float down = std::hypot(ctm.c, ctm.d);
  if (!(across > 0) || !(down > 0) || image.width < 1 || image.height < 1) return 0;
  const float dpi_x = static_cast<float>(image.width) * 72 / across;
  const float dpi_y = static_cast<float>(image.height) * 72 / down;
  // The exact horizontal figure where the pixels are square: a page filled by its image is then
  // drawn pixel by pixel.
  return std::fabs(dpi_x / dpi_y - 1) < 0.01f ? dpi_x : std::sqrt(dpi_x * dpi_y);
}

// Page facts tell gray by the number of components, which a spot colour has as well.
bool AllImagesGray(const Pdf::Impl& pdf, const PageFacts& facts) {
  bool gray = true;
  for (const ImagePlacement& image : facts.images) {
    if (image.mask || image.object == 0) continue;
    const absl::Status status = Try(pdf.ctx, absl::StatusCode::kDataLoss, [&] {
      pdf_obj* object = pdf_load_object(pdf.ctx, pdf.doc, image.object);
      gray = gray && IsGrayImage(pdf.ctx, object);
      pdf_drop_obj(pdf.ctx, object);
    });
    if (!status.ok() || !gray) return false;
  }
  return gray;
}

// What decoding the images takes. Others than JPEG 2000 come out of their decoders already made
// smaller by whole halves, down to twice the size they are drawn at.
void TakeImageMemory(const AnalyseOptions& options, const PageFacts& facts, Draft* draft) {
  const float most_dpi = options.dpi != 0 ? static_cast<float>(options.dpi) : kMostAutoDpi;
  uint64_t sum = 0;
  uint64_t largest = 0;
  int last_object = 0;
  for (const ImagePlacement& image : facts.images) {
    if (image.object != 0 && image.object == last_object) continue;  // in the store by then
    last_object = image.object;
    const uint64_t components = image.mask || image.bits == 1 ? 1
                                : image.components == 0       ? 3
                                                              : image.components;
    const uint64_t samples = uint64_t{image.width} * image.height * components;
    uint64_t bytes = samples;
    if (image.filter == ImageFilter::kJpx) {
      draft->plane_bytes = std::max(draft->plane_bytes, samples * kJpxSampleBytes);
    } else {
      for (float dpi = PlacedResolution(image, draft->box); dpi >= 2 * most_dpi; dpi /= 2) {
        bytes /= 4;
      }
    }
    largest = std::max(largest, bytes);
    sum += bytes;
  }
  draft->image_bytes = std::max(largest, std::min(sum, kMostKept));
}

void TakeFacts(const Pdf::Impl& pdf, const PageFacts& facts, Draft* draft) {
  double largest = 0;
  for (const ImagePlacement& image : facts.images) {
    if (image.area <= largest) continue;
    largest = image.area;
    draft->image_dpi = PlacedResolution(image, draft->box);
  }
  // At least half of the page, so that what is decoded small is most of what is seen.
  const double box = static_cast<double>(draft->box.box.x1 - draft->box.box.x0) *
                     (draft->box.box.y1 - draft->box.box.y0);
  draft->lone_image = facts.complete && !facts.heavy && !facts.optional_content &&
                      facts.annotations == 0 && !draft->annotated && facts.marks == 1 &&
                      facts.images.size() == 1 && largest >= box / 2;
  draft->gray = facts.gray && !draft->annotated && AllImagesGray(pdf, facts);
}

float ChosenDpi(const AnalyseOptions& options, const Draft& draft) {
  if (options.dpi != 0) return static_cast<float>(options.dpi);
  if (!(draft.image_dpi > 0)) return kDefaultAutoDpi;
  return std::clamp(draft.image_dpi, kLeastAutoDpi, kMostAutoDpi);
}

Page DrawnPage(const AnalyseOptions& options, const Draft& draft) {
  const PixelSize size = draft.box.PixelsAt(ChosenDpi(options, draft));
  Page page;
  page.width = size.width;
  page.height = size.height;
  page.dpi = size.dpi;
  page.gray = draft.gray;
  page.lone_image = draft.lone_image;
  // A page's own raster is counted twice by whoever reserves memory for it: for what is painted on
  // it, and for the encoder after that.
  const uint64_t raster = uint64_t{page.width} * page.height * (page.gray ? 1 : 3);
  page.decode_bytes = draft.plane_bytes + (draft.image_bytes > raster ? draft.image_bytes : 0);
  page.decode_bytes = std::min(page.decode_bytes, kMostDecodeBytes);
  return page;
}

// The page as its own JPEG, or kDrawn when its colour profile forbids that.
Page OriginalPage(const Draft& draft, ColorProfiles* profiles) {
  const OriginalImage& image = draft.original;
  Page page;
  ColorProfiles::Lookup profile = {.verdict = ColorProfiles::Verdict::kIgnore};
  if (image.profile_object != 0) profile = profiles->Find(image.profile_object, image.gray ? 1 : 3);
  if (profile.verdict == ColorProfiles::Verdict::kRefuse) return page;
  page.kind = image.kind;
  page.width = image.width;
  page.height = image.height;
  page.gray = image.gray;
  page.dpi = static_cast<float>(image.width) * 72 / (draft.box.bounds.x1 - draft.box.bounds.x0);
  if (image.kind == PageKind::kExtracted) {
    const size_t insert = profile.insert < 0 ? 0 : profiles->insert(profile.insert).size();
    page.payload_bytes = static_cast<uint32_t>(image.bytes + insert);
    return page;
  }
  page.source_offset = image.offset;
  page.source_bytes = image.bytes;
  page.insert = profile.insert;
  page.insert_at = profile.insert < 0 ? 0 : image.insert_at;
  return page;
}

}  // namespace

absl::StatusOr<Document> Pdf::Analyse(const AnalyseOptions& options, bool sparing) {
  impl_->TakeStore();
  Document document;
  document.locked = impl_->locked;
  ColorProfiles profiles(impl_->ctx, impl_->doc);
  const uint32_t count = impl_->page_count;
  if (count > options.max_pages) {
    return absl::InvalidArgumentError("the document has more pages than max_pages allows");
  }
  std::vector<SlotPage> described;
  for (uint32_t i = 0; i < count; ++i) {
    const absl::StatusOr<pdf_obj*> object = impl_->tree.Find(i);
    if (absl::IsNotFound(object.status())) break;  // /Count said more than there are
    if (!object.ok()) return object.status();
    Draft draft;
    draft.box.bounds = {0, 0, 612, 792};
    const absl::Status status = Try(impl_->ctx, absl::StatusCode::kDataLoss,
                                    [&] { LookAtPage(*impl_, *object, options, &draft); });
    if (absl::IsResourceExhausted(status)) return status;
    described.emplace_back();
    // A page that cannot be looked at keeps its place, and fails when it is drawn.
    Page page;
    if (draft.original.kind != PageKind::kDrawn) {
      page = OriginalPage(draft, &profiles);
      draft.why = WhyDrawn::kProfile;  // if it is none
    }
    if (page.kind == PageKind::kDrawn) {
      const PageFacts facts =
          ScanPage(impl_->ctx, impl_->doc, *object, draft.box.box, ScanLimitsFor(count));
      TakeFacts(*impl_, facts, &draft);
      TakeImageMemory(options, facts, &draft);
      page = DrawnPage(options, draft);
      page.why_drawn = draft.why;
      described.back() = DescribePage(page.width, page.height, page.dpi, facts);
    }
    document.pages.push_back(page);
  }
  if (document.pages.empty()) return absl::NotFoundError("the document has no pages");
  FillSlots(impl_.get(), described, options, sparing, &document.pages);
  DescribeOriginals(impl_->source, options, sparing, &document.pages);
  document.inserts = profiles.TakeInserts();
  if (auto status = DescribeDocument(impl_.get(), &document); !status.ok()) return status;
  return document;
}

}  // namespace cbzfs
