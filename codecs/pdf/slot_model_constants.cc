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
      .unseen_doubt = {kUnseenDoubtBase, kUnseenDoubtTrees},
      .sampled_doubt = {kSampledDoubtBase, kSampledDoubtTrees},
      .unseen_factor = kUnseenFactor,
      .sampled_factor = kSampledFactor,
  };
  return constants;
}

}  // namespace cbzfs
