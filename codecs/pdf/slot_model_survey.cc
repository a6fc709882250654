#include "codecs/pdf/slot_model_survey.h"

#include "codecs/pdf/drawing.h"
#include "codecs/pdf/page_box.h"
#include "codecs/pdf/page_facts.h"
#include "codecs/pdf/pdf_internal.h"
#include "codecs/pdf/slot_model_pages.h"

namespace cbzfs {

std::vector<SlotPage> SlotSurvey::Describe(const std::vector<Page>& rows,
                                           std::vector<uint32_t>* drawn) {
  Pdf::Impl* impl = pdf_->impl();
  std::vector<SlotPage> pages;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i].kind != PageKind::kDrawn) continue;
    const absl::StatusOr<pdf_obj*> object = impl->tree.Find(i);
    if (!object.ok()) continue;
    PageBox box;
    const absl::Status status = Try(impl->ctx, absl::StatusCode::kDataLoss, [&] {
      box = PageBox::FromObject(impl->ctx, *object, options_.box);
    });
    if (!status.ok()) continue;
    const PageFacts facts = ScanPage(impl->ctx, impl->doc, *object, box.box,
                                     ScanLimitsFor(static_cast<uint32_t>(rows.size())));
    pages.push_back(DescribePage(rows[i].width, rows[i].height, rows[i].dpi, facts));
    drawn->push_back(i);
  }
  return pages;
}

std::optional<SmallDrawing> SlotSurvey::MeasureSmall(uint32_t index, const Page& row,
                                                     std::optional<float>* enhanced) {
  return MeasurePageSmall(pdf_->impl(), index, row, options_, enhanced);
}

absl::Status SlotSurvey::Draw(uint32_t index, const Page& row,
                              absl::FunctionRef<void(const RasterView&)> use) {
  Pdf::Impl* impl = pdf_->impl();
  const absl::StatusOr<pdf_obj*> object = impl->tree.Find(index);
  if (!object.ok()) return object.status();
  Drawing drawing(impl->ctx);
  if (absl::Status status = drawing.Draw(impl->doc, *object, index, row, options_.box);
      !status.ok()) {
    return status;
  }
  use(drawing.raster());
  return absl::OkStatus();
}

}  // namespace cbzfs
