#include "codecs/pdf/slot_model_pages.h"

#include "codecs/pdf/drawing.h"
#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {

std::optional<SmallDrawing> MeasurePageSmall(Pdf::Impl* pdf, uint32_t index, const Page& row,
                                             const AnalyseOptions& options) {
  const absl::StatusOr<pdf_obj*> object = pdf->tree.Find(index);
  if (!object.ok()) return std::nullopt;
  const SmallSize size = SmallSizeOf(row.width, row.height);
  Page small = row;
  small.width = size.width;
  small.height = size.height;
  small.dpi = row.dpi * static_cast<float>(size.width) / static_cast<float>(row.width);
  Drawing drawing(pdf->ctx);
  if (!drawing.Draw(pdf->doc, *object, index, small, options.box).ok()) return std::nullopt;
  absl::StatusOr<SmallDrawing> measured = MeasureSmall(drawing.raster(), options.quality);
  if (!measured.ok()) return std::nullopt;
  return *measured;
}

void FillSlots(Pdf::Impl* pdf, absl::Span<const SlotPage> described, const AnalyseOptions& options,
               bool sparing, std::vector<Page>* rows) {
  std::vector<uint32_t> drawn;
  std::vector<SlotPage> pages;
  for (size_t i = 0; i < rows->size(); ++i) {
    if ((*rows)[i].kind != PageKind::kDrawn) continue;
    drawn.push_back(static_cast<uint32_t>(i));
    pages.push_back(described[i]);
  }
  std::vector<std::optional<SmallDrawing>> small(pages.size());
  const std::vector<uint32_t> sample = sparing ? std::vector<uint32_t>() : ChooseSample(pages);
  for (const uint32_t i : sample) {
    small[i] = MeasurePageSmall(pdf, drawn[i], (*rows)[drawn[i]], options);
  }
  const std::vector<uint32_t> slots = ChooseSlots(pages, small, options.quality);
  for (size_t i = 0; i < drawn.size(); ++i) (*rows)[drawn[i]].payload_bytes = slots[i];
}

}  // namespace cbzfs
