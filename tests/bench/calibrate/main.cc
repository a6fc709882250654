// cbzfs-calibrate: writes the constants of the slot predictor from folders of PDFs, or tells how
// good the present ones are on them. See METHOD.md.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/calibrate/collect.h"
#include "tests/bench/calibrate/enhanced_main.h"
#include "tests/bench/calibrate/fit.h"
#include "tests/bench/calibrate/print.h"
#include "tests/bench/calibrate/record.h"
#include "tests/bench/calibrate/record_file.h"

namespace cbzfs {
namespace {

constexpr size_t kFolds = 5;

void PrintCost(const std::vector<const DocumentRecord*>& records) {
  std::vector<double> stat, page, twenty;
  double pages = 0, all = 0;
  for (const DocumentRecord* record : records) {
    stat.push_back(record->stat_ms);
    page.push_back(record->stat_ms / record->page_count);
    pages += record->page_count;
    all += record->stat_ms;
    if (record->page_count >= 15 && record->page_count <= 25) twenty.push_back(record->stat_ms);
  }
  std::printf(
      "CPU for the first stat: median %.1f ms, p90 %.1f, p99 %.1f, most %.1f; of documents "
      "of 15 to 25 pages: median %.1f (%zu)\n",
      At(stat, 0.5), At(stat, 0.9), At(stat, 0.99), At(stat, 1), At(twenty, 0.5), twenty.size());
  std::printf("a page: median of documents %.2f ms, mean over all pages %.2f ms (%.0f pages)\n",
              At(page, 0.5), pages > 0 ? all / pages : 0, pages);
}

// One line for each folder that the documents lie in.
void PrintByFolder(const std::vector<const DocumentRecord*>& records,
                   const SlotConstants& constants) {
  std::vector<std::pair<std::string, std::vector<const DocumentRecord*>>> groups;
  for (const DocumentRecord* record : records) {
    const std::string folder = record->path.substr(0, record->path.rfind('/'));
    const std::string name = folder.substr(folder.rfind('/') + 1);
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == name; });
    if (group == groups.end()) group = groups.insert(group, {name, {}});
    group->second.push_back(record);
  }
  for (const auto& [name, members] : groups) {
    if (members.size() >= 20) Print(name.c_str(), Evaluate(members, constants));
  }
}

struct Arguments {
  std::vector<std::string> folders;
  std::string write, save;
  std::vector<std::string> load;
  bool check = false;
  bool enhanced = false;
  CollectOptions collect;
};

int Run(const Arguments& arguments) {
  std::vector<DocumentRecord> records;
  for (const std::string& path : arguments.load) {
    LoadRecords(path, [&](const std::string& bytes) {
      if (std::optional<DocumentRecord> record = Parse(bytes)) records.push_back(*record);
    });
  }
  std::ofstream save;
  if (!arguments.save.empty()) save.open(arguments.save, std::ios::binary | std::ios::app);
  Collect(FindPdfs(arguments.folders), arguments.collect, [&](DocumentRecord record) {
    if (save.is_open()) SaveRecord(Serialise(record), &save);
    records.push_back(std::move(record));
  });
  // An order that does not depend on which child was first, and mixes the folders.
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  std::mt19937_64 random(1);
  for (size_t i = records.size(); i > 1; --i) std::swap(records[i - 1], records[random() % i]);
  std::vector<const DocumentRecord*> all;
  size_t truths = 0;
  for (const DocumentRecord& record : records) {
    if (record.pages.empty()) continue;
    all.push_back(&record);
    truths += record.truths.size();
  }
  if (truths == 0) {
    std::fprintf(stderr, "no drawn pages found\n");
    return 1;
  }
  PrintHead();
  if (arguments.check) {
    Print("present constants", Evaluate(all, BuiltInSlotConstants()));
    PrintByFolder(all, BuiltInSlotConstants());
    PrintCost(all);
    return 0;
  }
  Print("held out (5 folds)", CrossValidate(all, kFolds));
  const FittedConstants fitted = Fit(all);
  Print("same documents", Evaluate(all, fitted.view()));
  PrintByFolder(all, fitted.view());
  PrintCost(all);
  if (arguments.write.empty()) return 0;
  const std::string comment = "// Written by cbzfs-calibrate (tests/bench/calibrate) from " +
                              std::to_string(truths) + " pages of " + std::to_string(all.size()) +
                              " documents. Do not edit.\n\n";
  std::ofstream out(arguments.write);
  out << ConstantsText(fitted, comment);
  return out.good() ? 0 : 1;
}

}  // namespace
}  // namespace cbzfs

int main(int argc, char** argv) {
  cbzfs::Arguments arguments;
  CLI::App app{"Calibrates cbzfs' slot predictor on folders of PDFs"};
  app.add_option("folders", arguments.folders, "folders of PDFs")->check(CLI::ExistingDirectory);
  app.add_option("--write", arguments.write, "write the constants to this file");
  app.add_flag("--check", arguments.check, "only judge the constants that are built in");
  app.add_option("--save", arguments.save, "append what was drawn to this file");
  app.add_option("--load", arguments.load, "take what was drawn from this file (repeatable)");
  app.add_option("--jobs", arguments.collect.limits.jobs, "documents drawn at a time");
  app.add_option("--pages", arguments.collect.truths, "pages of a document drawn in full");
  app.add_option("--seconds", arguments.collect.limits.seconds, "CPU time for a document");
  app.add_flag("--enhanced", arguments.enhanced,
               "enhanced pages and thumbnails, of PDFs, CBZs and folders of images");
  CLI11_PARSE(app, argc, argv);
  if (arguments.enhanced) {
    return cbzfs::RunEnhanced({.folders = arguments.folders,
                               .save = arguments.save,
                               .load = arguments.load,
                               .check = arguments.check,
                               .collect = arguments.collect});
  }
  return cbzfs::Run(arguments);
}
