#include "tests/bench/calibrate/boost.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cbzfs {
namespace {

constexpr size_t kMostBins = 48;
constexpr double kShrinkage = 4;  // pseudo-weight of a leaf's answer being nought

struct Split {
  bool found = false;
  double gain = 0;
  size_t feature = 0;
  uint8_t bin = 0;  // left: bins under this one
};

class Booster {
 public:
  Booster(const std::vector<Sample>& samples, const BoostOptions& options)
      : samples_(samples), options_(options) {
    Cut();
  }
  FittedForest Fit();

 private:
  void Cut();
  void Gradients();
  Split Best(const std::vector<uint32_t>& rows) const;
  float Leaf(const std::vector<uint32_t>& rows) const;
  void Part(const std::vector<uint32_t>& rows, const Split& split, std::vector<uint32_t>* left,
            std::vector<uint32_t>* right) const;
  SlotTree Grow();

  const std::vector<Sample>& samples_;
  const BoostOptions options_;
  size_t features_ = 0;
  std::vector<std::vector<float>>
      edges_;  // by feature, rising: a value is in the bin of those <= it
  std::vector<std::vector<uint8_t>> bins_;  // by feature, then sample
  std::vector<float> predicted_;
  std::vector<float> gradient_;
};

void Booster::Cut() {
  features_ = samples_.empty() ? 0 : samples_[0].features.size();
  edges_.resize(features_);
  bins_.resize(features_);
  for (size_t f = 0; f < features_; ++f) {
    std::vector<float> values;
    for (const Sample& sample : samples_) values.push_back(sample.features[f]);
    std::sort(values.begin(), values.end());
    for (size_t b = 1; b < kMostBins; ++b) {
      const size_t at = b * values.size() / kMostBins;
      // Between two values, so that rounding moves none over the edge.
      auto above = std::upper_bound(values.begin(), values.end(), values[at]);
      if (above == values.end()) break;
      const float edge = (values[at] + *above) / 2;
      if (edges_[f].empty() || edge > edges_[f].back()) edges_[f].push_back(edge);
    }
    for (const Sample& sample : samples_) {
      const auto edge = std::upper_bound(edges_[f].begin(), edges_[f].end(), sample.features[f]);
      bins_[f].push_back(static_cast<uint8_t>(edge - edges_[f].begin()));
    }
  }
}

void Booster::Gradients() {
  for (size_t i = 0; i < samples_.size(); ++i) {
    const float residual = samples_[i].target - predicted_[i];
    if (options_.quantile > 0) {
      gradient_[i] = residual > 0 ? options_.quantile : options_.quantile - 1;
    } else {
      gradient_[i] = std::clamp(residual, -options_.clip, options_.clip);
    }
  }
}

Split Booster::Best(const std::vector<uint32_t>& rows) const {
  Split best;
  double all = 0, weight = 0;
  for (const uint32_t i : rows) {
    all += static_cast<double>(gradient_[i]) * samples_[i].weight;
    weight += samples_[i].weight;
  }
  const double before = all * all / (weight + kShrinkage);
  for (size_t f = 0; f < features_; ++f) {
    double sums[kMostBins] = {};
    double weights[kMostBins] = {};
    for (const uint32_t i : rows) {
      const uint8_t bin = bins_[f][i];
      sums[bin] += static_cast<double>(gradient_[i]) * samples_[i].weight;
      weights[bin] += samples_[i].weight;
    }
    double left = 0, left_weight = 0;
    for (size_t b = 0; b < edges_[f].size(); ++b) {
      left += sums[b];
      left_weight += weights[b];
      const double right_weight = weight - left_weight;
      if (left_weight < options_.least_weight || right_weight < options_.least_weight) continue;
      const double right = all - left;
      const double gain = left * left / (left_weight + kShrinkage) +
                          right * right / (right_weight + kShrinkage) - before;
      if (gain > best.gain + 1e-9) best = {true, gain, f, static_cast<uint8_t>(b + 1)};
    }
  }
  return best;
}

float Booster::Leaf(const std::vector<uint32_t>& rows) const {
  if (rows.empty()) return 0;
  if (options_.quantile > 0) {
    std::vector<std::pair<float, float>> residuals;
    float weight = 0;
    for (const uint32_t i : rows) {
      residuals.emplace_back(samples_[i].target - predicted_[i], samples_[i].weight);
      weight += samples_[i].weight;
    }
    const float value = Quantile(std::move(residuals), options_.quantile);
    return options_.rate * value * weight / (weight + static_cast<float>(kShrinkage));
  }
  double sum = 0, weight = 0;
  for (const uint32_t i : rows) {
    sum += static_cast<double>(gradient_[i]) * samples_[i].weight;
    weight += samples_[i].weight;
  }
  return static_cast<float>(options_.rate * sum / (weight + kShrinkage));
}

void Booster::Part(const std::vector<uint32_t>& rows, const Split& split,
                   std::vector<uint32_t>* left, std::vector<uint32_t>* right) const {
  for (const uint32_t i : rows) {
    (split.found && bins_[split.feature][i] >= split.bin ? right : left)->push_back(i);
  }
}

SlotTree Booster::Grow() {
  SlotTree tree = {};
  std::vector<uint32_t> all(samples_.size());
  for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto write = [&](size_t question, const Split& split) {
    tree.feature[question] = static_cast<uint8_t>(split.feature);
    // A question that was not found sends everything to the left.
    tree.split[question] = split.found ? edges_[split.feature][split.bin - 1] : 1e30f;
  };
  const Split root = Best(all);
  write(0, root);
  std::vector<uint32_t> sides[2];
  Part(all, root, &sides[0], &sides[1]);
  for (size_t side = 0; side < 2; ++side) {
    const Split split = Best(sides[side]);
    write(1 + side, split);
    std::vector<uint32_t> leaves[2];
    Part(sides[side], split, &leaves[0], &leaves[1]);
    for (size_t leaf = 0; leaf < 2; ++leaf) {
      const float value = Leaf(leaves[leaf]);
      tree.leaf[2 * side + leaf] = value;
      for (const uint32_t i : leaves[leaf]) predicted_[i] += value;
    }
  }
  return tree;
}

FittedForest Booster::Fit() {
  FittedForest forest;
  if (samples_.empty()) return forest;
  std::vector<std::pair<float, float>> targets;
  for (const Sample& sample : samples_) targets.emplace_back(sample.target, sample.weight);
  forest.base = Quantile(std::move(targets), options_.quantile > 0 ? options_.quantile : 0.5);
  predicted_.assign(samples_.size(), forest.base);
  gradient_.resize(samples_.size());
  for (int i = 0; i < options_.trees; ++i) {
    Gradients();
    forest.trees.push_back(Grow());
  }
  return forest;
}

}  // namespace

float Quantile(std::vector<std::pair<float, float>> values, double quantile) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  double all = 0;
  for (const auto& [value, weight] : values) all += weight;
  double sum = 0;
  for (const auto& [value, weight] : values) {
    sum += weight;
    if (sum >= quantile * all) return value;
  }
  return values.back().first;
}

FittedForest Boost(const std::vector<Sample>& samples, const BoostOptions& options) {
  return Booster(samples, options).Fit();
}

}  // namespace cbzfs
