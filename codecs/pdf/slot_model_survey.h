// What calibration needs of a document, without MuPDF's headers: the described pages, small
// drawings and full ones. See tests/bench/calibrate.
//
// One thread; borrows the Pdf.

#ifndef CBZFS_CODECS_PDF_SLOT_MODEL_SURVEY_H_
#define CBZFS_CODECS_PDF_SLOT_MODEL_SURVEY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "codecs/document/document.h"
#include "codecs/image/raster.h"
#include "codecs/pdf/pdf.h"
#include "codecs/pdf/slot_model.h"

namespace cbzfs {

class SlotSurvey {
 public:
  SlotSurvey(Pdf* pdf, const AnalyseOptions& options) : pdf_(pdf), options_(options) {}

  // One for each kDrawn row of `rows`, which is the table that Analyse() made, in their order; the
  // indexes of those rows go to `drawn`.
  std::vector<SlotPage> Describe(const std::vector<Page>& rows, std::vector<uint32_t>* drawn);

  // As MeasurePageSmall() of slot_model_pages.h.
  std::optional<SmallDrawing> MeasureSmall(uint32_t index, const Page& row,
                                           std::optional<float>* enhanced = nullptr);

  // Draws the page at full size and lends the raster to `use`.
  absl::Status Draw(uint32_t index, const Page& row,
                    absl::FunctionRef<void(const RasterView&)> use);

 private:
  Pdf* const pdf_;
  const AnalyseOptions options_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_SLOT_MODEL_SURVEY_H_
