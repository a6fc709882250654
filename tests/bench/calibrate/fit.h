// From records to the constants of the slot model, and how good constants are on records.
//
// Splits are by document, never by page: pages of one document are alike.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_FIT_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_FIT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "codecs/pdf/slot_model_trees.h"
#include "tests/bench/calibrate/boost.h"
#include "tests/bench/calibrate/record.h"

namespace cbzfs {

struct FittedConstants {
  FittedForest facts, small, unseen_doubt, sampled_doubt;
  float unseen_factor = 3, sampled_factor = 3;
  SlotConstants view() const {
    return {facts.view(),         small.view(),  unseen_doubt.view(),
            sampled_doubt.view(), unseen_factor, sampled_factor};
  }
};

FittedConstants Fit(const std::vector<const DocumentRecord*>& records);

// What came of the pages whose truth is known.
struct Figures {
  size_t documents = 0, pages = 0, sampled = 0;
  size_t kept = 0;             // at the asked quality or better
  size_t ten = 0;              // at no more than ten points less
  size_t forty = 0;            // at quality 40 or better, in full detail
  double slots = 0;            // bytes of the slots
  double needed = 0;           // bytes of those pages at the asked quality
  double unfilled = 0;         // bytes of the slots that the asked quality leaves unused
  double padding = 0;          // bytes left unused when spare room goes into quality
  std::vector<double> ratios;  // slot over need
  void Add(const Figures& other);
  // A page of the slot's document.
  void Judge(double slot, const Truth& truth);
};

Figures Evaluate(const std::vector<const DocumentRecord*>& records, const SlotConstants& constants);

// Each document judged by constants that were fitted without it.
Figures CrossValidate(const std::vector<const DocumentRecord*>& records, size_t folds);

// The text of slot_model_constants.inc.
std::string ConstantsText(const FittedConstants& constants, const std::string& comment);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_FIT_H_
