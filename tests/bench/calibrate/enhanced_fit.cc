#include "tests/bench/calibrate/enhanced_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "tests/bench/calibrate/collect.h"

namespace cbzfs {
namespace {

// What the margins aim at; the issue asks for 95 %, 99.5 % and all.
constexpr double kKeep = 0.96;
constexpr double kKeepTen = 0.998;

struct Knob {
  double* value;
  double step;
  double least, most;
};

// Tries a step either way on one constant after another, and smaller steps when none helps.
void Search(std::vector<Knob> knobs, const std::function<double()>& loss) {
  double best = loss();
  for (int halvings = 0; halvings < 6;) {
    bool better = false;
    for (Knob& knob : knobs) {
      for (const double direction : {1.0, -1.0}) {
        const double old = *knob.value;
        *knob.value = std::clamp(old + direction * knob.step, knob.least, knob.most);
        const double now = loss();
        if (now < best - 1e-6) {
          best = now;
          better = true;
        } else {
          *knob.value = old;
        }
      }
    }
    if (better) continue;
    ++halvings;
    for (Knob& knob : knobs) knob.step /= 2;
  }
}

double MeanLog(const Figures& figures, bool absolute) {
  double sum = 0;
  for (const double ratio : figures.ratios) {
    const double log = std::log(ratio);
    sum += absolute ? std::min(std::fabs(log), 1.5) : log;
  }
  return figures.ratios.empty() ? 0 : sum / static_cast<double>(figures.ratios.size());
}

// Small slots that meet the targets.
double SlotLoss(const Figures& figures) {
  if (figures.pages == 0) return 0;
  const double n = static_cast<double>(figures.pages);
  const double kept = static_cast<double>(figures.kept) / n;
  const double ten = static_cast<double>(figures.ten) / n;
  const double forty = static_cast<double>(figures.forty) / n;
  return MeanLog(figures, false) + 20 * std::max(kKeep - kept, 0.0) +
         60 * std::max(kKeepTen - ten, 0.0) + 100 * (1 - forty);
}

std::vector<size_t> SampleOf(const EnhancedBook& book, Knowledge knowledge) {
  if (knowledge == Knowledge::kSparing) return {};
  if (knowledge != Knowledge::kFew && knowledge != Knowledge::kTwo)
    return ChooseEnhancedSample(book.images);
  std::vector<size_t> measured;
  for (size_t i = 0; i < book.images.size(); ++i) {
    if (book.measured[i].has_value()) measured.push_back(i);
  }
  const size_t count = knowledge == Knowledge::kFew ? 3 : 2;
  if (measured.size() <= count) return measured;
  std::vector<size_t> few;
  for (size_t i = 0; i < count; ++i) {
    few.push_back(measured[(2 * i + 1) * measured.size() / (2 * count)]);
  }
  return few;
}

void JudgeImages(const EnhancedBook& book, const std::vector<std::optional<double>>& measured,
                 Knowledge knowledge, const EnhancedSlotConstants& constants, Figures* figures) {
  const std::vector<uint32_t> slots =
      ChooseEnhancedSlots(book.images, measured, book.quality, constants);
  for (const Truth& truth : book.image_truths) {
    const bool sampled = measured[truth.page].has_value();
    if (knowledge == Knowledge::kSampled && !sampled) continue;
    const bool others = knowledge == Knowledge::kUnsampled || knowledge == Knowledge::kFew ||
                        knowledge == Knowledge::kTwo;
    if (others && sampled) continue;
    figures->sampled += sampled ? 1 : 0;
    figures->Judge(slots[truth.page] - book.images[truth.page].icc_bytes, truth);
  }
}

void JudgeAlone(const EnhancedBook& book, const EnhancedSlotConstants& constants,
                Figures* figures) {
  for (const Truth& truth : book.image_truths) {
    if (!book.measured[truth.page].has_value()) continue;
    const SlotImage& image = book.images[truth.page];
    const std::optional<double> measured = book.measured[truth.page]->bytes;
    const uint32_t slot =
        ChooseEnhancedSlots({&image, 1}, {&measured, 1}, book.quality, constants)[0];
    ++figures->sampled;
    figures->Judge(slot - image.icc_bytes, truth);
  }
}

}  // namespace

Figures EvaluateImages(const EnhancedBooks& books, Knowledge knowledge,
                       const EnhancedSlotConstants& constants) {
  Figures figures;
  for (const EnhancedBook* book : books) {
    const size_t before = figures.pages;
    if (knowledge == Knowledge::kAlone) {
      JudgeAlone(*book, constants, &figures);
    } else {
      std::vector<std::optional<double>> measured(book->images.size());
      for (const size_t i : SampleOf(*book, knowledge)) {
        if (book->measured[i].has_value()) measured[i] = book->measured[i]->bytes;
      }
      JudgeImages(*book, measured, knowledge, constants, &figures);
    }
    if (figures.pages > before) ++figures.documents;
  }
  return figures;
}

Figures EvaluateDrawn(const EnhancedBooks& books, Knowledge knowledge,
                      const DrawnSlotConstants& constants) {
  Figures figures;
  for (const EnhancedBook* book : books) {
    std::vector<DrawnSlot> pages = book->drawn;
    if (knowledge == Knowledge::kSparing) {
      for (DrawnSlot& page : pages) page.small.reset();
    }
    const std::vector<uint32_t> slots = ChooseEnhancedPageSlots(pages, constants);
    const size_t before = figures.pages;
    for (const Truth& truth : book->drawn_truths) {
      const bool sampled = pages[truth.page].small.has_value();
      if (knowledge == Knowledge::kSampled && !sampled) continue;
      if (knowledge == Knowledge::kUnsampled && sampled) continue;
      figures.sampled += sampled ? 1 : 0;
      figures.Judge(slots[truth.page], truth);
    }
    if (figures.pages > before) ++figures.documents;
  }
  return figures;
}

EnhancedSlotConstants FitImages(const EnhancedBooks& books) {
  EnhancedSlotConstants c;
  // What is expected, without margins: mostly of books of which some images are known.
  EnhancedSlotConstants bare;
  bare.sampled_margin = bare.unsampled_margin = bare.spread_factor = bare.unseen_margin =
      bare.scarce_margin = 0;
  Search({{&bare.jpeg.offset, 0.2, -3, 3},
          {&bare.jpeg.slope, 0.1, 0, 1.5},
          {&bare.lossless.offset, 0.2, -4, 3},
          {&bare.lossless.slope, 0.1, 0, 1.5},
          {&bare.lossy.offset, 0.2, -3, 3},
          {&bare.lossy.slope, 0.1, 0, 1.5},
          {&bare.quantiser, 0.1, 0, 1},
          {&bare.doubt, 0.1, 0.02, 2},
          {&bare.likeness, 0.5, 0, 8}},
         [&] {
           return MeanLog(EvaluateImages(books, Knowledge::kFew, bare), true) +
                  0.3 * MeanLog(EvaluateImages(books, Knowledge::kSparing, bare), true);
         });
  bare.spread_factor = c.spread_factor;
  bare.unsampled_margin = c.unsampled_margin;
  bare.scarce_margin = c.scarce_margin;
  c = bare;
  Search({{&c.sampled_margin, 0.05, 0, 1}},
         [&] { return SlotLoss(EvaluateImages(books, Knowledge::kAlone, c)); });
  Search({{&c.unsampled_margin, 0.1, 0, 1.2},
          {&c.spread_factor, 0.3, 0, 4},
          {&c.scarce_margin, 0.1, 0, 1.2}},
         [&] {
           Figures figures = EvaluateImages(books, Knowledge::kUnsampled, c);
           figures.Add(EvaluateImages(books, Knowledge::kFew, c));
           figures.Add(EvaluateImages(books, Knowledge::kTwo, c));
           return SlotLoss(figures);
         });
  Search({{&c.unseen_margin, 0.2, 0, 1.2}},
         [&] { return SlotLoss(EvaluateImages(books, Knowledge::kSparing, c)); });
  return c;
}

DrawnSlotConstants FitDrawn(const EnhancedBooks& books) {
  DrawnSlotConstants c;
  double share = c.growth_share, fine = c.fine_margin;
  double sampled = c.sampled_margin, unsampled = c.unsampled_margin, unseen = c.unseen_margin;
  const auto loss = [&](std::vector<Knowledge> known) {
    c = {static_cast<float>(share),     static_cast<float>(sampled),
         static_cast<float>(unsampled), DrawnSlotConstants().fine_detail,
         static_cast<float>(fine),      static_cast<float>(unseen)};
    Figures figures;
    for (const Knowledge knowledge : known) figures.Add(EvaluateDrawn(books, knowledge, c));
    return SlotLoss(figures);
  };
  Search({{&share, 0.1, 0, 1},
          {&sampled, 0.1, -0.6, 1},
          {&unsampled, 0.1, -0.6, 1},
          {&fine, 0.1, 0, 1}},
         [&] { return loss({Knowledge::kSampled}) + loss({Knowledge::kUnsampled}); });
  Search({{&unseen, 0.1, -0.6, 1}}, [&] { return loss({Knowledge::kSparing}); });
  return c;
}

Figures CrossValidateBooks(
    const EnhancedBooks& books, size_t folds,
    const std::function<Figures(const EnhancedBooks&, const EnhancedBooks&)>& judge) {
  Figures sum;
  for (size_t fold = 0; fold < folds; ++fold) {
    EnhancedBooks rest, held;
    for (const EnhancedBook* book : books) {
      const std::string name = book->path.substr(book->path.rfind('/') + 1);
      (PathHash(name) % folds == fold ? held : rest).push_back(book);
    }
    sum.Add(judge(rest, held));
  }
  return sum;
}

std::string ConstantsText(const EnhancedSlotConstants& c) {
  char text[600];
  std::snprintf(text, sizeof text,
                "jpeg {%.3f, %.3f} lossless {%.3f, %.3f} lossy {%.3f, %.3f}\nquantiser %.3f doubt "
                "%.3f likeness %.3f\nsampled %.3f unsampled %.3f spread_factor %.3f scarce %.3f "
                "unseen %.3f\n",
                c.jpeg.offset, c.jpeg.slope, c.lossless.offset, c.lossless.slope, c.lossy.offset,
                c.lossy.slope, c.quantiser, c.doubt, c.likeness, c.sampled_margin,
                c.unsampled_margin, c.spread_factor, c.scarce_margin, c.unseen_margin);
  return text;
}

std::string ConstantsText(const DrawnSlotConstants& c) {
  char text[300];
  std::snprintf(text, sizeof text,
                "growth_share %.3f sampled %.3f unsampled %.3f fine_detail %.3f fine_margin %.3f "
                "unseen %.3f\n",
                c.growth_share, c.sampled_margin, c.unsampled_margin, c.fine_detail, c.fine_margin,
                c.unseen_margin);
  return text;
}

}  // namespace cbzfs
