#include "codecs/pdf/slot_model.h"
#include "codecs/pdf/slot_model_trees.h"

namespace cbzfs {
namespace {

#include "codecs/pdf/slot_model_constants.inc"

}  // namespace

const SlotConstants& BuiltInSlotConstants() {
  static const SlotConstants constants = {
      .facts = {kFactsBase, kFactsTrees},
      .small = {kSmallBase, kSmallTrees},
      .unseen_margin = {kUnseenMarginBase, kUnseenMarginTrees},
      .sampled_margin = {kSampledMarginBase, kSampledMarginTrees},
      .unseen_extra = kUnseenExtra,
      .sampled_extra = kSampledExtra,
  };
  return constants;
}

}  // namespace cbzfs
