#include "codecs/pdf/slot_model_pages.h"

#include <memory>

#include "codecs/image/enhance.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/pdf/drawing.h"
#include "codecs/pdf/enhanced_slot_pages.h"
#include "codecs/pdf/pdf_internal.h"
#include "codecs/pdf/slot_model_trees.h"

namespace cbzfs {
namespace {

std::optional<float> EnhancedGrowth(const RasterView& raster, const SmallDrawing& plain,
                                    const AnalyseOptions& options) {
  RasterRows rows(raster);
  absl::StatusOr<std::unique_ptr<PixelRows>> enhanced = KeepEnhanced(rows, options.enhance);
  if (!enhanced.ok()) return std::nullopt;
  const double pixels = static_cast<double>(raster.width) * raster.height;
  const absl::StatusOr<std::string> payload =
      EncodeJpegPayload(**enhanced, options.quality, plain.gray > 0);
  if (!payload.ok()) return std::nullopt;
  return RoundedLog(static_cast<double>(payload->size()) / pixels) - plain.bytes;
}

}  // namespace

Page SmallRow(const Page& row) {
  const SmallSize size = SmallSizeOf(row.width, row.height);
  Page small = row;
  small.width = size.width;
  small.height = size.height;
  small.dpi = row.dpi * static_cast<float>(size.width) / static_cast<float>(row.width);
  return small;
}

std::optional<SmallDrawing> MeasureDrawn(const RasterView& raster, const AnalyseOptions& options,
                                         std::optional<float>* enhanced) {
  absl::StatusOr<SmallDrawing> measured = MeasureSmall(raster, options.quality);
  if (!measured.ok()) return std::nullopt;
  if (enhanced != nullptr) *enhanced = EnhancedGrowth(raster, *measured, options);
  return *measured;
}

std::optional<SmallDrawing> MeasurePageSmall(Pdf::Impl* pdf, uint32_t index, const Page& row,
                                             const AnalyseOptions& options,
                                             std::optional<float>* enhanced) {
  const absl::StatusOr<pdf_obj*> object = pdf->tree.Find(index);
  if (!object.ok()) return std::nullopt;
  Drawing drawing(pdf->ctx);
  if (!drawing.Draw(pdf->doc, *object, index, SmallRow(row), options.box).ok()) return std::nullopt;
  return MeasureDrawn(drawing.raster(), options, enhanced);
}

void FillSlots(MeasureSmallPage measure, absl::Span<const SlotPage> described,
               const AnalyseOptions& options, bool sparing, std::vector<Page>* rows) {
  std::vector<uint32_t> drawn;
  std::vector<SlotPage> pages;
  for (size_t i = 0; i < rows->size(); ++i) {
    if ((*rows)[i].kind != PageKind::kDrawn) continue;
    drawn.push_back(static_cast<uint32_t>(i));
    pages.push_back(described[i]);
  }
  std::vector<std::optional<SmallDrawing>> small(pages.size());
  std::vector<std::optional<float>> growths(pages.size());
  const std::vector<uint32_t> sample = sparing ? std::vector<uint32_t>() : ChooseSample(pages);
  for (const uint32_t i : sample) {
    small[i] = measure(drawn[i], (*rows)[drawn[i]], options.enhanced ? &growths[i] : nullptr);
  }
  const std::vector<uint32_t> slots = ChooseSlots(pages, small, options.quality);
  for (size_t i = 0; i < drawn.size(); ++i) (*rows)[drawn[i]].payload_bytes = slots[i];
  if (!options.enhanced) return;
  std::vector<DrawnSlot> plain;
  for (size_t i = 0; i < drawn.size(); ++i) {
    plain.push_back({pages[i].width, pages[i].height, slots[i], std::nullopt});
    if (small[i].has_value() && growths[i].has_value()) {
      plain[i].small = {.bytes = small[i]->bytes, .growth = *growths[i]};
    }
  }
  const std::vector<uint32_t> enhanced = ChooseEnhancedPageSlots(plain);
  for (size_t i = 0; i < drawn.size(); ++i) (*rows)[drawn[i]].enhanced_bytes = enhanced[i];
}

}  // namespace cbzfs
