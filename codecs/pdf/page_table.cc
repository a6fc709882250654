#include <optional>
#include <vector>

#include "codecs/pdf/color_profiles.h"
#include "codecs/pdf/document_info.h"
#include "codecs/pdf/drawn_row.h"
#include "codecs/pdf/enhanced_originals.h"
#include "codecs/pdf/original_image.h"
#include "codecs/pdf/page_box.h"
#include "codecs/pdf/page_facts.h"
#include "codecs/pdf/pdf_internal.h"
#include "codecs/pdf/slot_model_pages.h"

namespace cbzfs {
namespace {

// What one look at a page finds. Plain data: filled in under Try().
struct Draft {
  PageBox box;
  bool annotated = false;
  OriginalImage original;
  WhyDrawn why = WhyDrawn::kDamaged;
  DrawnImages images;
  bool gray = false;
  bool lone_image = false;
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

void TakeFacts(const Pdf::Impl& pdf, const AnalyseOptions& options, const PageFacts& facts,
               Draft* draft) {
  const float most_dpi = options.dpi != 0 ? static_cast<float>(options.dpi) : AutoDpi{}.most;
  draft->images = ImagesOf(facts, draft->box.ctm, most_dpi);
  // At least half of the page, so that what is decoded small is most of what is seen.
  const double box = static_cast<double>(draft->box.box.x1 - draft->box.box.x0) *
                     (draft->box.box.y1 - draft->box.box.y0);
  draft->lone_image = facts.complete && !facts.heavy && !facts.optional_content &&
                      facts.annotations == 0 && !draft->annotated && facts.marks == 1 &&
                      facts.images.size() == 1 && draft->images.largest >= box / 2;
  draft->gray = facts.gray && !draft->annotated && AllImagesGray(pdf, facts);
}

Page DrawnPage(const AnalyseOptions& options, const Draft& draft) {
  Page page = DrawnRow(draft.box, ChosenDpi(options, draft.images, {}), draft.gray, draft.images);
  page.lone_image = draft.lone_image;
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
      TakeFacts(*impl_, options, facts, &draft);
      page = DrawnPage(options, draft);
      page.why_drawn = draft.why;
      described.back() = DescribePage(page.width, page.height, page.dpi, facts);
    }
    document.pages.push_back(page);
  }
  if (document.pages.empty()) return absl::NotFoundError("the document has no pages");
  FillSlots(
      [&](uint32_t index, const Page& row, std::optional<float>* enhanced) {
        return MeasurePageSmall(impl_.get(), index, row, options, enhanced);
      },
      described, options, sparing, &document.pages);
  DescribeOriginals(impl_->source, options, sparing, &document.pages);
  document.inserts = profiles.TakeInserts();
  if (auto status = DescribeDocument(impl_.get(), &document); !status.ok()) return status;
  return document;
}

}  // namespace cbzfs
