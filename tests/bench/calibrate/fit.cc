#include "tests/bench/calibrate/fit.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace cbzfs {
namespace {

using Records = std::vector<const DocumentRecord*>;

constexpr size_t kInnerFolds = 8;

// What the margins aim at on held-out pages; the issue asks for 95 % and 99.5 %.
constexpr double kKeep = 0.96;
constexpr double kKeepTen = 0.9945;
// Errors are never taken for smaller than this, in logs.
constexpr float kLeastError = 0.02f;
// Of the errors that the doubt predicts: near the tail, where margins are decided.
constexpr float kDoubtQuantile = 0.9f;

float Target(const DocumentRecord& record, const Truth& truth) {
  const SlotPage& page = record.pages[truth.page];
  return static_cast<float>(std::log(truth.asked / (double{1} * page.width * page.height)));
}

// No document counts for much more than another.
float Weight(const DocumentRecord& record) {
  return 1 / std::sqrt(static_cast<float>(std::max<size_t>(1, record.truths.size())) / 4);
}

template <typename Features>
Sample MakeSample(const Features& features, float target, float weight) {
  return {std::vector<float>(features.begin(), features.end()), target, weight};
}

FittedForest FitFacts(const Records& records) {
  std::vector<Sample> samples;
  for (const DocumentRecord* record : records) {
    for (const Truth& truth : record->truths) {
      BaseFeatures features = BaseFeaturesOf(record->pages[truth.page], record->quality);
      const float target = Target(*record, truth) + kQualitySlope * features[0];
      features[0] = 0;  // no tree asks for the quality
      samples.push_back(MakeSample(features, target, Weight(*record)));
    }
  }
  return Boost(samples, {.trees = 200, .rate = 0.1f});
}

// `facts[i]` is the forest that gives record i its prior.
FittedForest FitSmall(const Records& records, const std::vector<const FittedForest*>& facts) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < records.size(); ++i) {
    const DocumentRecord& record = *records[i];
    for (const Truth& truth : record.truths) {
      const std::optional<SmallDrawing>& small = record.small[truth.page];
      if (!small.has_value()) continue;
      const BaseFeatures base = BaseFeaturesOf(record.pages[truth.page], record.quality);
      samples.push_back(MakeSample(
          SmallFeaturesOf(base, *small, facts[i]->view()(base) - kQualitySlope * base[0]),
          Target(record, truth) - small->bytes, Weight(record)));
    }
  }
  return Boost(samples, {.trees = 200, .rate = 0.1f, .clip = 0.3f});
}

std::vector<std::optional<SmallDrawing>> Sampled(const DocumentRecord& record) {
  std::vector<std::optional<SmallDrawing>> small(record.pages.size());
  for (const uint32_t i : ChooseSample(record.pages)) small[i] = record.small[i];
  return small;
}

// Residuals of held-out pages, to learn margins from.
struct Residuals {
  std::vector<Sample> unseen, sampled;
};

void AddResiduals(const DocumentRecord& record, const SlotConstants& constants, Residuals* out) {
  const std::vector<std::optional<SmallDrawing>> sampled = Sampled(record);
  const auto all = EstimateSlots(record.pages, record.small, record.quality, constants);
  for (const Truth& truth : record.truths) {
    const float target = Target(record, truth);
    const SlotEstimate& seen = all[truth.page];
    if (seen.sampled) {
      out->sampled.push_back(
          MakeSample(seen.seen, target - seen.log_bytes_per_pixel, Weight(record)));
    }
    std::vector<std::optional<SmallDrawing>> without = sampled;
    without[truth.page].reset();
    const SlotEstimate unseen =
        EstimateSlots(record.pages, without, record.quality, constants)[truth.page];
    out->unseen.push_back(
        MakeSample(unseen.unseen, target - unseen.log_bytes_per_pixel, Weight(record)));
  }
}

// How large the errors of a page like this are, near their tail.
FittedForest FitDoubt(std::vector<Sample> residuals) {
  for (Sample& sample : residuals) {
    // A page that needs less than thought does no harm: half an error.
    const float error = sample.target > 0 ? sample.target : -sample.target / 2;
    sample.target = std::log(error + kLeastError);
  }
  return Boost(residuals,
               {.trees = 80, .rate = 0.1f, .least_weight = 30, .quantile = kDoubtQuantile});
}

// A held-out page as the predictor met it: with the document's own sample.
struct Trial {
  bool sampled = false;
  double pixels = 0;
  float estimate = 0, usual = 0;  // logs a pixel, and the doubt
  float asked = 0, ten_less = 0;  // what it needs, logs a pixel
};

void AddTrials(const DocumentRecord& record, const SlotConstants& constants,
               std::vector<Trial>* trials) {
  const auto estimates = EstimateSlots(record.pages, Sampled(record), record.quality, constants);
  for (const Truth& truth : record.truths) {
    const SlotEstimate& estimate = estimates[truth.page];
    Trial trial;
    trial.sampled = estimate.sampled;
    trial.pixels = double{1} * record.pages[truth.page].width * record.pages[truth.page].height;
    trial.estimate = estimate.log_bytes_per_pixel;
    trial.usual = std::exp(estimate.sampled ? constants.sampled_doubt(estimate.seen)
                                            : constants.unseen_doubt(estimate.unseen));
    trial.asked = Target(record, truth);
    trial.ten_less = static_cast<float>(std::log(std::max(1u, truth.ten_less) / trial.pixels));
    trials->push_back(trial);
  }
}

// The factors that make the slots smallest while pages keep their quality as often as aimed at.
void ChooseFactors(const std::vector<Trial>& trials, float* unseen, float* sampled) {
  double least = 1e300;
  for (float s = 0.6f; s < 8; s *= 1.06f) {
    for (float u = 0.6f; u < 8; u *= 1.06f) {
      double bytes = 0;
      size_t kept = 0, ten = 0;
      for (const Trial& trial : trials) {
        const float margin = std::clamp((trial.sampled ? s : u) * trial.usual, 0.06f, 1.5f);
        const float slot = trial.estimate + margin;
        bytes += std::exp(slot) * trial.pixels;
        kept += trial.asked <= slot ? 1 : 0;
        ten += trial.ten_less <= slot ? 1 : 0;
      }
      const double count = static_cast<double>(trials.size());
      if (bytes >= least || static_cast<double>(kept) < kKeep * count ||
          static_cast<double>(ten) < kKeepTen * count) {
        continue;
      }
      least = bytes;
      *sampled = s;
      *unseen = u;
    }
  }
}

// By the file's name, so that a document that is drawn twice (in another folder, at another
// resolution) never stands on both sides of a split. `salt` makes splits inside splits independent.
std::vector<Records> Folds(const Records& records, size_t count, uint64_t salt) {
  std::vector<Records> folds(count);
  for (const DocumentRecord* record : records) {
    uint64_t hash = 1469598103934665603u + salt;
    for (size_t i = record->path.rfind('/') + 1; i < record->path.size(); ++i) {
      hash = (hash ^ static_cast<uint8_t>(record->path[i])) * 1099511628211u;
    }
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;  // FNV's bits are not yet mixed well
    folds[(hash ^ (hash >> 33)) % count].push_back(record);
  }
  return folds;
}

Records Others(const std::vector<Records>& folds, size_t fold) {
  Records others;
  for (size_t i = 0; i < folds.size(); ++i) {
    if (i != fold) others.insert(others.end(), folds[i].begin(), folds[i].end());
  }
  return others;
}

// All but one fold's; all when there is no such fold.
Residuals Merge(const std::vector<Residuals>& folds, size_t excluded) {
  Residuals all;
  for (size_t k = 0; k < folds.size(); ++k) {
    if (k == excluded) continue;
    all.unseen.insert(all.unseen.end(), folds[k].unseen.begin(), folds[k].unseen.end());
    all.sampled.insert(all.sampled.end(), folds[k].sampled.begin(), folds[k].sampled.end());
  }
  return all;
}

void PutForest(const char* name, const FittedForest& forest, std::string* out) {
  char line[256];
  std::snprintf(line, sizeof line, "constexpr float k%sBase = %.6gf;\n", name, forest.base);
  *out += line;
  std::snprintf(line, sizeof line, "constexpr SlotTree k%sTrees[] = {\n", name);
  *out += line;
  for (const SlotTree& tree : forest.trees) {
    std::snprintf(line, sizeof line,
                  "    {{%u, %u, %u}, {%.7ef, %.7ef, %.7ef}, {%.5ef, %.5ef, %.5ef, %.5ef}},\n",
                  tree.feature[0], tree.feature[1], tree.feature[2], tree.split[0], tree.split[1],
                  tree.split[2], tree.leaf[0], tree.leaf[1], tree.leaf[2], tree.leaf[3]);
    *out += line;
  }
  *out += "};\n";
}

}  // namespace

FittedConstants Fit(const Records& records) {
  FittedConstants fitted;
  const std::vector<Records> folds = Folds(records, kInnerFolds, 1);
  std::vector<FittedForest> facts(kInnerFolds);
  for (size_t k = 0; k < kInnerFolds; ++k) facts[k] = FitFacts(Others(folds, k));
  const auto prior_of = [&](size_t excluded) {
    // Each record's prior comes from the forest that was fitted without it.
    std::vector<const FittedForest*> priors;
    for (size_t k = 0; k < kInnerFolds; ++k) {
      if (k == excluded) continue;
      priors.insert(priors.end(), folds[k].size(), &facts[k]);
    }
    return priors;
  };
  std::vector<Residuals> residuals(kInnerFolds);
  std::vector<FittedForest> small(kInnerFolds);
  for (size_t k = 0; k < kInnerFolds; ++k) {
    small[k] = FitSmall(Others(folds, k), prior_of(k));
    const SlotConstants constants = {facts[k].view(), small[k].view(), {}, {}, 0, 0};
    for (const DocumentRecord* record : folds[k]) AddResiduals(*record, constants, &residuals[k]);
  }
  std::vector<Trial> trials;
  for (size_t k = 0; k < kInnerFolds; ++k) {
    const Residuals others = Merge(residuals, k);
    const FittedForest unseen = FitDoubt(others.unseen), sampled = FitDoubt(others.sampled);
    const SlotConstants constants = {
        facts[k].view(), small[k].view(), unseen.view(), sampled.view(), 0, 0};
    for (const DocumentRecord* record : folds[k]) AddTrials(*record, constants, &trials);
  }
  ChooseFactors(trials, &fitted.unseen_factor, &fitted.sampled_factor);
  const Residuals all_residuals = Merge(residuals, kInnerFolds);
  fitted.facts = FitFacts(records);
  fitted.small = FitSmall(Others(folds, kInnerFolds), prior_of(kInnerFolds));
  fitted.unseen_doubt = FitDoubt(all_residuals.unseen);
  fitted.sampled_doubt = FitDoubt(all_residuals.sampled);
  return fitted;
}

void Figures::Add(const Figures& other) {
  documents += other.documents;
  pages += other.pages;
  sampled += other.sampled;
  kept += other.kept;
  ten += other.ten;
  forty += other.forty;
  slots += other.slots;
  needed += other.needed;
  unfilled += other.unfilled;
  padding += other.padding;
  ratios.insert(ratios.end(), other.ratios.begin(), other.ratios.end());
}

void Figures::Judge(double slot, const Truth& truth) {
  ++pages;
  kept += truth.asked <= slot ? 1 : 0;
  ten += truth.ten_less <= slot ? 1 : 0;
  forty += truth.forty <= slot ? 1 : 0;
  slots += slot;
  needed += truth.asked;
  unfilled += slot - std::min<double>(truth.asked, slot);
  // As FitJpeg does: a tenth of spare room is left alone, more is filled to 93 % or quality 95.
  const double used = truth.asked > slot         ? 0.97 * slot
                      : truth.asked * 1.1 > slot ? truth.asked
                                                 : std::min<double>(0.93 * slot, truth.most);
  padding += slot - used;
  ratios.push_back(slot / truth.asked);
}

Figures Evaluate(const Records& records, const SlotConstants& constants) {
  Figures figures;
  for (const DocumentRecord* record : records) {
    const std::vector<std::optional<SmallDrawing>> small = Sampled(*record);
    const std::vector<uint32_t> slots =
        ChooseSlots(record->pages, small, record->quality, constants);
    if (!record->truths.empty()) ++figures.documents;
    for (const Truth& truth : record->truths) {
      figures.sampled += small[truth.page].has_value() ? 1 : 0;
      figures.Judge(slots[truth.page], truth);
    }
  }
  return figures;
}

Figures CrossValidate(const Records& records, size_t count) {
  Figures figures;
  const std::vector<Records> folds = Folds(records, count, 2);
  for (size_t k = 0; k < count; ++k) {
    const FittedConstants fitted = Fit(Others(folds, k));
    figures.Add(Evaluate(folds[k], fitted.view()));
  }
  return figures;
}

std::string ConstantsText(const FittedConstants& constants, const std::string& comment) {
  std::string text = comment;
  PutForest("Facts", constants.facts, &text);
  PutForest("Small", constants.small, &text);
  PutForest("UnseenDoubt", constants.unseen_doubt, &text);
  PutForest("SampledDoubt", constants.sampled_doubt, &text);
  char line[128];
  std::snprintf(line, sizeof line,
                "constexpr float kUnseenFactor = %.6ff;\nconstexpr float kSampledFactor = %.6ff;\n",
                constants.unseen_factor, constants.sampled_factor);
  return text + line;
}

}  // namespace cbzfs
