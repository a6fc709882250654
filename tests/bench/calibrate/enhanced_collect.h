// Enhances pages of books at full size, by the very steps of the worker, in forked children.
//
// One thread in the caller.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_COLLECT_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_COLLECT_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/bench/calibrate/collect.h"
#include "tests/bench/calibrate/enhanced_record.h"

namespace cbzfs {

// Every *.pdf, *.cbz and folder that holds images under `folders`, sorted.
std::vector<std::string> FindBooks(const std::vector<std::string>& folders);

// Calls `done` with the record of each book that has pages, in no particular order. The quality of
// a book follows from its path's hash: mostly 85, else 75 or 92.
void CollectEnhanced(const std::vector<std::string>& paths, const CollectOptions& options,
                     const std::function<void(EnhancedBook)>& done);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_COLLECT_H_
