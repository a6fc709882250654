// Boosted trees of three questions, fitted in plain C++.
//
// Gradient boosting after Friedman (2001): each tree is fitted to what the ones before leave, on
// features cut into at most 48 quantiles, and adds a part of its answer. Two losses: squared error
// with large residuals clipped (Huber), and the pinball loss of a quantile.
//
// Deterministic; one thread.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_BOOST_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_BOOST_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/pdf/slot_model_trees.h"

namespace cbzfs {

struct Sample {
  std::vector<float> features;
  float target = 0;
  float weight = 1;
};

struct BoostOptions {
  int trees = 150;
  float rate = 0.1f;
  double least_weight = 12;  // of a leaf, in samples
  float clip = 0.5f;         // of residuals, for the squared error
  float quantile = 0;        // over 0: the pinball loss of this quantile
};

struct FittedForest {
  float base = 0;
  std::vector<SlotTree> trees;
  SlotForest view() const { return {base, trees}; }
};

FittedForest Boost(const std::vector<Sample>& samples, const BoostOptions& options);

// The weighted `quantile` of `values`.
float Quantile(std::vector<std::pair<float, float>> values_and_weights, double quantile);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_BOOST_H_
