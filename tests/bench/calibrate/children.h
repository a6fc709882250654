// Work in forked children, each under limits of time and memory, so that hostile input costs one
// item. What a child says comes back as bytes.
//
// One thread in the caller.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_CHILDREN_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_CHILDREN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace cbzfs {

struct ChildLimits {
  uint32_t jobs = 2;      // at a time
  uint32_t seconds = 60;  // of CPU for an item
  uint64_t memory_bytes = 3ull << 30;
};

// `work(i)` in a child for each i under `count`; then `done(i, bytes)` here, in no particular
// order, with nothing where the child failed.
void RunChildren(size_t count, const ChildLimits& limits,
                 const std::function<std::string(size_t)>& work,
                 const std::function<void(size_t, std::string)>& done);

// CPU time of this process so far.
double CpuMilliseconds();

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_CHILDREN_H_
