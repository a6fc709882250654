// The slot predictor at work on an open document: draws the sample small and fills in the slots.
//
// Internal to codecs/pdf. One thread.

#ifndef CBZFS_CODECS_PDF_SLOT_MODEL_PAGES_H_
#define CBZFS_CODECS_PDF_SLOT_MODEL_PAGES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/pdf/pdf.h"
#include "codecs/pdf/slot_model.h"

namespace cbzfs {

// The row of a page that is drawn small.
Page SmallRow(const Page& row);

// Page `index` of the document, whose row of the table is `row`, drawn small and measured. Nothing
// when it cannot be drawn: it then gets its slot from its facts. `enhanced`, where it is not null,
// gets by how much the small drawing grows in bytes when it is enhanced, as a log.
std::optional<SmallDrawing> MeasurePageSmall(Pdf::Impl* pdf, uint32_t index, const Page& row,
                                             const AnalyseOptions& options,
                                             std::optional<float>* enhanced = nullptr);

// As MeasurePageSmall(), of a document of any kind.
using MeasureSmallPage = absl::FunctionRef<std::optional<SmallDrawing>(
    uint32_t index, const Page& row, std::optional<float>* enhanced)>;

// What MeasurePageSmall() says of a small drawing.
std::optional<SmallDrawing> MeasureDrawn(const RasterView& raster, const AnalyseOptions& options,
                                         std::optional<float>* enhanced);

// Gives every kDrawn row its payload_bytes, and enhanced_bytes where options.enhanced asks for
// them. `described[i]` is what DescribePage() said of (*rows)[i]; those of other rows are not
// looked at. `sparing`: no page is drawn small.
void FillSlots(MeasureSmallPage measure, absl::Span<const SlotPage> described,
               const AnalyseOptions& options, bool sparing, std::vector<Page>* rows);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_SLOT_MODEL_PAGES_H_
