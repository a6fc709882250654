// Which pages of a document are drawn small.
//
// Greedy cover: the next page is the one that makes most pages (weighed by their pixels) like a
// sampled one, for its cost. A document of equal pages is covered by one or two, a mixed one takes
// what the budget allows, and a page too dear to draw is left to its neighbours and its facts.

#include <algorithm>
#include <cmath>
#include <vector>

#include "codecs/pdf/slot_model.h"
#include "codecs/pdf/slot_model_trees.h"

namespace cbzfs {
namespace {

// Long documents: so many pages, evenly spread, may be drawn, and so many stand for all.
constexpr size_t kMostCandidates = 192;
constexpr size_t kMostJudges = 512;
// A sampled page knows itself better than any other page like it does.
constexpr float kLikeMost = 0.8f;
// The least part of a document of 20 pages that a millisecond must make better known to be worth
// it; of a longer one less, because the part is more pages.
constexpr double kWorthwhile = 0.010;
constexpr double kWorthwhilePages = 20;

struct Weight {
  SlotFact fact;
  float scale;  // the difference of logs that makes pages quite unlike
};

constexpr Weight kWeights[] = {
    {kFactScale, 0.7f},        {kFactPoints, 1.0f},      {kFactContent, 1.0f},
    {kFactGlyphs, 0.9f},       {kFactGlyphSize, 0.9f},   {kFactSegments, 2.0f},
    {kFactStrokeLength, 2.0f}, {kFactFillLength, 2.0f},  {kFactShadeArea, 1.5f},
    {kFactPhotoBytes, 0.9f},   {kFactPhotoArea, 0.8f},   {kFactBilevelBytes, 0.9f},
    {kFactBilevelArea, 0.8f},  {kFactOtherBytes, 0.9f},  {kFactOtherArea, 0.8f},
    {kFactOtherPixels, 1.2f},  {kFactPhotoPixels, 1.2f}, {kFactGray, 1.5f},
};

std::vector<uint32_t> Spread(size_t count, size_t most) {
  std::vector<uint32_t> chosen;
  const size_t taken = std::min(count, most);
  chosen.reserve(taken);
  for (size_t i = 0; i < taken; ++i) chosen.push_back(static_cast<uint32_t>(i * count / taken));
  return chosen;
}

}  // namespace

float Likeness(const SlotPage& a, const SlotPage& b) {
  float distance = 0;
  for (const Weight& weight : kWeights) {
    const float d = (a.facts[weight.fact] - b.facts[weight.fact]) / weight.scale;
    distance += d * d;
  }
  const float near = 1 / (1 + distance);
  return near * near;
}

// An ordinary document's first stat may take 150 ms, of 20 pages 40 ms, and 2 ms a page in the
// mean; opening and reading the content need about a third of that.
float SampleBudget(size_t pages) {
  return std::min(70.0f, 22.0f + 0.4f * static_cast<float>(std::min<size_t>(pages, 1000)));
}

std::vector<uint32_t> ChooseSample(absl::Span<const SlotPage> pages) {
  const std::vector<uint32_t> judges = Spread(pages.size(), kMostJudges);
  std::vector<uint32_t> candidates = Spread(pages.size(), kMostCandidates);
  candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                  [&](uint32_t i) { return pages[i].cost > kNeverDrawn; }),
                   candidates.end());
  double pixels = 0;
  for (const uint32_t j : judges) pixels += static_cast<double>(pages[j].width) * pages[j].height;
  std::vector<float> covered(judges.size(), 0);
  std::vector<uint32_t> sample;
  float left = SampleBudget(pages.size());
  const double worthwhile =
      kWorthwhile / std::sqrt(std::max(1.0, static_cast<double>(pages.size()) / kWorthwhilePages));
  while (!candidates.empty() && sample.size() < kMostSampled) {
    double best_value = 0;
    size_t best = candidates.size();
    for (size_t c = 0; c < candidates.size(); ++c) {
      const SlotPage& page = pages[candidates[c]];
      if (page.cost > left && !sample.empty()) continue;
      double gain = 0;
      for (size_t j = 0; j < judges.size(); ++j) {
        const SlotPage& other = pages[judges[j]];
        const float like = judges[j] == candidates[c] ? 1 : kLikeMost * Likeness(page, other);
        if (like <= covered[j]) continue;
        gain += (like - covered[j]) * (static_cast<double>(other.width) * other.height / pixels);
      }
      const double value = gain / (1 + page.cost);
      if (value > best_value) {
        best_value = value;
        best = c;
      }
    }
    if (best == candidates.size() || (best_value < worthwhile && !sample.empty())) break;
    const uint32_t chosen = candidates[best];
    for (size_t j = 0; j < judges.size(); ++j) {
      const float like =
          judges[j] == chosen ? 1 : kLikeMost * Likeness(pages[chosen], pages[judges[j]]);
      covered[j] = std::max(covered[j], like);
    }
    left -= pages[chosen].cost;
    sample.push_back(chosen);
    candidates.erase(candidates.begin() + static_cast<ptrdiff_t>(best));
  }
  std::sort(sample.begin(), sample.end());
  return sample;
}

}  // namespace cbzfs
