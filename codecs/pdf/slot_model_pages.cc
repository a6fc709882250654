#include "codecs/pdf/slot_model_pages.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "codecs/image/enhance.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/pdf/drawing.h"
#include "codecs/pdf/pdf_internal.h"
#include "codecs/pdf/slot_model_trees.h"

namespace cbzfs {
namespace {

// An enhanced page is made from the plain one, whose slot is generous already; what is left to doubt
// is how much enhancing changes it.
constexpr float kSampledMargin = 0.08f;
constexpr float kUnsampledMargin = 0.16f;
constexpr float kMostGrowth = 0.7f;
constexpr float kMostShrinking = 0.5f;

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

// Slots of enhanced pages from those of the plain ones.
void FillEnhancedSlots(absl::Span<const uint32_t> drawn,
                       absl::Span<const std::optional<float>> growths, std::vector<Page>* rows) {
  float sum = 0;
  int count = 0;
  for (const std::optional<float>& growth : growths) {
    if (!growth.has_value()) continue;
    sum += *growth;
    ++count;
  }
  const float mean = count > 0 ? sum / static_cast<float>(count) : 0;
  for (size_t i = 0; i < drawn.size(); ++i) {
    Page& row = (*rows)[drawn[i]];
    const float growth = growths[i].value_or(mean) +
                         (growths[i].has_value() ? kSampledMargin : kUnsampledMargin);
    const double factor = std::exp(std::clamp(growth, -kMostShrinking, kMostGrowth));
    const double least = 1.15 * static_cast<double>(MinPayload(row.width, row.height));
    const double bytes = std::max(least, factor * row.payload_bytes);
    row.enhanced_bytes = static_cast<uint32_t>(std::min(std::ceil(bytes / 64) * 64, 1.0e9));
  }
}

}  // namespace

std::optional<SmallDrawing> MeasurePageSmall(Pdf::Impl* pdf, uint32_t index, const Page& row,
                                             const AnalyseOptions& options,
                                             std::optional<float>* enhanced) {
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
  if (enhanced != nullptr) *enhanced = EnhancedGrowth(drawing.raster(), *measured, options);
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
  std::vector<std::optional<float>> growths(pages.size());
  const std::vector<uint32_t> sample = sparing ? std::vector<uint32_t>() : ChooseSample(pages);
  for (const uint32_t i : sample) {
    small[i] = MeasurePageSmall(pdf, drawn[i], (*rows)[drawn[i]], options,
                                options.enhanced ? &growths[i] : nullptr);
  }
  const std::vector<uint32_t> slots = ChooseSlots(pages, small, options.quality);
  for (size_t i = 0; i < drawn.size(); ++i) (*rows)[drawn[i]].payload_bytes = slots[i];
  if (options.enhanced) FillEnhancedSlots(drawn, growths, rows);
}

}  // namespace cbzfs
