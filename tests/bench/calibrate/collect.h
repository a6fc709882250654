// Draws documents in forked children, each under limits of time and memory, so that a hostile PDF
// costs one record.
//
// One thread in the caller; as many children as asked for.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_COLLECT_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_COLLECT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/calibrate/children.h"
#include "tests/bench/calibrate/record.h"

namespace cbzfs {

struct CollectOptions {
  uint32_t truths = 8;  // pages of a document drawn in full
  ChildLimits limits;
};

// What chooses settings and pages for a document: the same on every host.
uint64_t PathHash(const std::string& path);

// `count` of `from` indexes, any with the same chance, in rising order.
std::vector<uint32_t> Pick(size_t from, size_t count, uint64_t seed);

// Every *.pdf under `folders`, sorted.
std::vector<std::string> FindPdfs(const std::vector<std::string>& folders);

// Calls `done` with the record of each document that could be drawn, in no particular order. The
// resolution and quality of a document follow from its path's hash: auto, 150 or 300 dots, and 75
// to 92.
void Collect(const std::vector<std::string>& paths, const CollectOptions& options,
             const std::function<void(DocumentRecord)>& done);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_COLLECT_H_
