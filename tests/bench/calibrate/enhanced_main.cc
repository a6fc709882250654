#include "tests/bench/calibrate/enhanced_main.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>

#include "codecs/document/picture_size.h"
#include "tests/bench/calibrate/enhanced_collect.h"
#include "tests/bench/calibrate/enhanced_fit.h"
#include "tests/bench/calibrate/print.h"
#include "tests/bench/calibrate/record_file.h"

namespace cbzfs {
namespace {

constexpr size_t kFolds = 5;

struct View {
  const char* title;
  Knowledge knowledge;
};

constexpr std::array<View, 7> kViews = {{
    {"as used", Knowledge::kAsUsed},
    {"  measured", Knowledge::kSampled},
    {"  not measured", Knowledge::kUnsampled},
    {"three measured", Knowledge::kFew},
    {"two measured", Knowledge::kTwo},
    {"loose images", Knowledge::kAlone},
    {"nothing measured", Knowledge::kSparing},
}};

// Drawn pages are judged by what the sample knows of them, or nothing.
bool ForDrawn(Knowledge knowledge) {
  return knowledge == Knowledge::kAsUsed || knowledge == Knowledge::kSampled ||
         knowledge == Knowledge::kUnsampled || knowledge == Knowledge::kSparing;
}

void PrintImages(const EnhancedBooks& books, bool fit) {
  std::printf("\nImages, present constants\n");
  PrintHead();
  for (const View& view : kViews) {
    Print(view.title, EvaluateImages(books, view.knowledge, {}));
  }
  std::map<std::string, EnhancedBooks> groups;
  for (const EnhancedBook* book : books) {
    const std::string folder = book->path.substr(0, book->path.rfind('/'));
    groups[folder.substr(folder.rfind('/') + 1)].push_back(book);
  }
  for (const auto& [name, members] : groups) {
    if (EvaluateImages(members, Knowledge::kSparing, {}).pages == 0) continue;
    Print(("  in " + name).c_str(), EvaluateImages(members, Knowledge::kAsUsed, {}));
    Print("    three measured", EvaluateImages(members, Knowledge::kFew, {}));
    Print("    nothing", EvaluateImages(members, Knowledge::kSparing, {}));
  }
  if (!fit) return;
  std::printf("held out (5 folds)\n");
  for (const View& view : kViews) {
    Print(view.title, CrossValidateBooks(books, kFolds, [&](const auto& rest, const auto& held) {
            return EvaluateImages(held, view.knowledge, FitImages(rest));
          }));
  }
  const EnhancedSlotConstants fitted = FitImages(books);
  std::printf("same books\n");
  for (const View& view : kViews) {
    Print(view.title, EvaluateImages(books, view.knowledge, fitted));
  }
  std::printf("%s", ConstantsText(fitted).c_str());
}

void PrintDrawn(const EnhancedBooks& books, bool fit) {
  std::printf("\nDrawn pages, present constants\n");
  PrintHead();
  for (const View& view : kViews) {
    if (!ForDrawn(view.knowledge)) continue;
    Print(view.title, EvaluateDrawn(books, view.knowledge, {}));
  }
  if (!fit) return;
  std::printf("held out (5 folds)\n");
  for (const View& view : kViews) {
    if (!ForDrawn(view.knowledge)) continue;
    Print(view.title, CrossValidateBooks(books, kFolds, [&](const auto& rest, const auto& held) {
            return EvaluateDrawn(held, view.knowledge, FitDrawn(rest));
          }));
  }
  std::printf("%s", ConstantsText(FitDrawn(books)).c_str());
}

void PrintThumbnails(const EnhancedBooks& books) {
  std::printf("\nThumbnails\n");
  PrintHead();
  const std::array<std::pair<uint32_t, const char*>, 4> boxes = {
      {{100, "within 100x100"}, {200, "within 200x200"}, {0, "300 high"}, {1, "600 high"}}};
  for (const auto& [box, title] : boxes) {
    Figures figures;
    for (const EnhancedBook* book : books) {
      const size_t before = figures.pages;
      for (const Thumbnail& thumbnail : book->thumbnails) {
        if (thumbnail.box != box) continue;
        figures.Judge(ThumbnailPayload({thumbnail.width, thumbnail.height}), thumbnail.truth);
      }
      if (figures.pages > before) ++figures.documents;
    }
    Print(title, figures);
  }
}

void PrintCost(const EnhancedBooks& books) {
  std::vector<double> whole, extra;
  std::map<ImageFormat, std::array<double, 4>> formats;  // ms, megapixels, megabytes, estimated ms
  for (const EnhancedBook* book : books) {
    whole.push_back(book->stat_ms);
    extra.push_back(book->stat_ms - book->plain_stat_ms);
    for (size_t i = 0; i < book->images.size(); ++i) {
      if (!book->measured[i].has_value()) continue;
      std::array<double, 4>& sum = formats[book->images[i].format];
      sum[0] += book->measured[i]->milliseconds;
      sum[1] += static_cast<double>(book->images[i].file_pixels) / 1e6;
      sum[2] += static_cast<double>(book->images[i].file_bytes) / 1e6;
      sum[3] += SampleCost(book->images[i]);
    }
  }
  std::printf(
      "\nCPU for the first stat: median %.1f ms, p90 %.1f, p99 %.1f, most %.1f; over a "
      "listing of cbz/: median %.1f, p90 %.1f, p99 %.1f\n",
      At(whole, 0.5), At(whole, 0.9), At(whole, 0.99), At(whole, 1), At(extra, 0.5), At(extra, 0.9),
      At(extra, 0.99));
  for (const auto& [format, sum] : formats) {
    std::printf("format %d: %.1f ms for %.1f megapixels and %.1f MB, thought to be %.1f ms\n",
                static_cast<int>(format), sum[0], sum[1], sum[2], sum[3]);
  }
}

}  // namespace

int RunEnhanced(const EnhancedArguments& arguments) {
  std::vector<EnhancedBook> records;
  const auto take = [&](const EnhancedBook& record) {
    for (EnhancedBook& book : BooksOf(record)) records.push_back(std::move(book));
  };
  for (const std::string& path : arguments.load) {
    LoadRecords(path, [&](const std::string& bytes) {
      if (std::optional<EnhancedBook> book = ParseEnhanced(bytes)) take(*book);
    });
  }
  std::ofstream save;
  if (!arguments.save.empty()) save.open(arguments.save, std::ios::binary | std::ios::app);
  CollectEnhanced(FindBooks(arguments.folders), arguments.collect, [&](const EnhancedBook& book) {
    if (save.is_open()) SaveRecord(Serialise(book), &save);
    take(book);
  });
  if (records.empty()) {
    std::fprintf(stderr, "no pages found\n");
    return 1;
  }
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  EnhancedBooks books;
  for (const EnhancedBook& book : records) books.push_back(&book);
  PrintImages(books, !arguments.check);
  PrintDrawn(books, !arguments.check);
  PrintThumbnails(books);
  PrintCost(books);
  return 0;
}

}  // namespace cbzfs
