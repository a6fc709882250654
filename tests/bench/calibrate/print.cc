#include "tests/bench/calibrate/print.h"

#include <algorithm>
#include <cstdio>

namespace cbzfs {
namespace {

double Percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

}  // namespace

void PrintHead() {
  std::printf("%-26s %5s %6s %7s %7s %7s %8s %8s %8s %6s %6s %6s\n", "", "docs", "pages", "drawn%",
              "kept%", "ten%", "forty%", "spare%", "padding%", "bytes", "p50", "p90");
}

void Print(const char* title, const Figures& f) {
  const double n = static_cast<double>(f.pages);
  std::printf("%-26s %5zu %6zu %7.1f %7.2f %7.2f %8.3f %8.1f %8.1f %6.2f %6.2f %6.2f\n", title,
              f.documents, f.pages, Percent(f.sampled, n), Percent(f.kept, n), Percent(f.ten, n),
              Percent(f.forty, n), Percent(f.unfilled, f.slots), Percent(f.padding, f.slots),
              f.needed > 0 ? f.slots / f.needed : 0, At(f.ratios, 0.5), At(f.ratios, 0.9));
}

double At(std::vector<double> values, double quantile) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(quantile * values.size()))];
}

}  // namespace cbzfs
