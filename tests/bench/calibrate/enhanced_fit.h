// The constants of the enhanced view's slots from records, and how good constants are on records.
// Splits are by book, as in fit.h.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_FIT_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_FIT_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "codecs/picture/enhanced_slot.h"
#include "codecs/pdf/enhanced_slot_pages.h"
#include "tests/bench/calibrate/enhanced_record.h"
#include "tests/bench/calibrate/fit.h"

namespace cbzfs {

using EnhancedBooks = std::vector<const EnhancedBook*>;

// Which pages are judged, and what is known of them.
enum class Knowledge {
  kAsUsed,     // all; measured is what the worker's sample would have
  kSampled,    // of these, those that were measured
  kUnsampled,  // and those that were not
  kFew,        // all but three that alone were measured, as in a long or dear book
  kTwo,        // all but two
  kAlone,      // every image its own book, measured: a loose image
  kSparing,    // all, and nothing was measured
};

Figures EvaluateImages(const EnhancedBooks& books, Knowledge knowledge,
                       const EnhancedSlotConstants& constants);
Figures EvaluateDrawn(const EnhancedBooks& books, Knowledge knowledge,
                      const DrawnSlotConstants& constants);

EnhancedSlotConstants FitImages(const EnhancedBooks& books);
DrawnSlotConstants FitDrawn(const EnhancedBooks& books);

// `judge(fitted without, fold)` summed over `folds` parts of the books.
Figures CrossValidateBooks(
    const EnhancedBooks& books, size_t folds,
    const std::function<Figures(const EnhancedBooks&, const EnhancedBooks&)>& judge);

// As members in their order, for the headers.
std::string ConstantsText(const EnhancedSlotConstants& constants);
std::string ConstantsText(const DrawnSlotConstants& constants);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_FIT_H_
