// What calibration knows of a document: its pages' descriptions, small drawings, and of some of its
// pages the truth: how many bytes the page needs at full size.
//
// Plain data, written to and read from a pipe or a file as it lies in memory: both ends are the
// same program.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_RECORD_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codecs/pdf/slot_model.h"

namespace cbzfs {

// Payload bytes of a page at full size.
struct Truth {
  uint32_t page = 0;  // index into DocumentRecord::pages
  uint32_t asked = 0;
  uint32_t ten_less = 0;  // at ten quality points less
  uint32_t forty = 0;     // at quality 40
  uint32_t most = 0;      // at quality 95
};

struct DocumentRecord {
  std::string path;
  uint32_t quality = 0;
  uint32_t dpi = 0;
  uint32_t page_count = 0;  // all, original ones too
  // CPU milliseconds of what a worker does for the first stat: opening and Analyse().
  double stat_ms = 0;
  std::vector<SlotPage> pages;  // the drawn ones
  std::vector<std::optional<SmallDrawing>> small;
  std::vector<uint32_t> sample;  // what ChooseSample() said
  std::vector<Truth> truths;
};

std::string Serialise(const DocumentRecord& record);
std::optional<DocumentRecord> Parse(const std::string& bytes);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_RECORD_H_
