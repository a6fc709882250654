// Boosted trees: what the constants of the slot model are, and how they are read.
//
// Internal to slot_model*.cc and to the program that writes the constants.

#ifndef CBZFS_CODECS_PDF_SLOT_MODEL_TREES_H_
#define CBZFS_CODECS_PDF_SLOT_MODEL_TREES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "codecs/pdf/slot_model.h"

namespace cbzfs {

// Three questions, two of them asked, four answers.
struct SlotTree {
  uint8_t feature[3];  // the root's, its left child's (value < split), its right child's
  float split[3];
  float leaf[4];
};

struct SlotForest {
  float base = 0;
  absl::Span<const SlotTree> trees;

  float operator()(absl::Span<const float> features) const {
    float sum = base;
    for (const SlotTree& tree : trees) {
      const size_t child = features[tree.feature[0]] < tree.split[0] ? 0 : 1;
      const size_t right = features[tree.feature[1 + child]] < tree.split[1 + child] ? 0 : 1;
      sum += tree.leaf[2 * child + right];
    }
    return sum;
  }
};

struct SlotConstants {
  SlotForest facts;          // log bytes a pixel at quantiser scale 1, from the facts
  SlotForest small;          // the same less the small drawing's, from both
  SlotForest unseen_doubt;   // log of the usual error, of a page that was not drawn
  SlotForest sampled_doubt;  // of one that was
  float unseen_factor = 3;   // so many usual errors are the margin
  float sampled_factor = 3;
};

// The features of the four forests. The quality's quantiser scale is the first of all of them.
// What a larger quantiser takes away, in log of size over log of its scale: 0.30 in the median of
// wild pages. Outside the trees, so that a higher quality never predicts a smaller page.
inline constexpr float kQualitySlope = 0.3f;

constexpr size_t kBaseFeatures = kSlotFacts + 1 + 6;
constexpr size_t kSmallFeatures = kBaseFeatures + 9;
constexpr size_t kDoubtFeatures = kBaseFeatures + 6;

using BaseFeatures = std::array<float, kBaseFeatures>;
using SmallFeatures = std::array<float, kSmallFeatures>;
using DoubtFeatures = std::array<float, kDoubtFeatures>;

BaseFeatures BaseFeaturesOf(const SlotPage& page, uint32_t quality);
SmallFeatures SmallFeaturesOf(const BaseFeatures& base, const SmallDrawing& small, float prior);

// How like each other two pages are by their facts: 1 the same, 0 nothing in common.
float Likeness(const SlotPage& a, const SlotPage& b);

// What is thought of one page before the margin.
struct SlotEstimate {
  float log_bytes_per_pixel = 0;
  bool sampled = false;
  DoubtFeatures unseen = {};  // when not sampled
  SmallFeatures seen = {};    // when sampled
};
std::vector<SlotEstimate> EstimateSlots(absl::Span<const SlotPage> pages,
                                        absl::Span<const std::optional<SmallDrawing>> small,
                                        uint32_t quality, const SlotConstants& constants);

// Rounded to 1/256; -12 for nothing.
float RoundedLog(double value);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_SLOT_MODEL_TREES_H_
