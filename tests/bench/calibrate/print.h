// The tables that calibration prints. See METHOD.md for the columns.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_PRINT_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_PRINT_H_

#include <vector>

#include "tests/bench/calibrate/fit.h"

namespace cbzfs {

void PrintHead();
void Print(const char* title, const Figures& figures);

// The value at `quantile`; 0 of nothing.
double At(std::vector<double> values, double quantile);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_PRINT_H_
