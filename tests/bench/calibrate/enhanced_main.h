// cbzfs-calibrate --enhanced: the slots of enhanced pages and of thumbnails. See METHOD.md.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_MAIN_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_MAIN_H_

#include <string>
#include <vector>

#include "tests/bench/calibrate/collect.h"

namespace cbzfs {

struct EnhancedArguments {
  std::vector<std::string> folders;
  std::string save;
  std::vector<std::string> load;
  bool check = false;  // fit nothing
  CollectOptions collect;
};

// The exit status.
int RunEnhanced(const EnhancedArguments& arguments);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_MAIN_H_
