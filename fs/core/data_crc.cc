#include "fs/core/data_crc.h"

#include <algorithm>
#include <iterator>

#include "codecs/zip/crc_force.h"

namespace cbzfs {
namespace {

// A reader is inside one or two pages; scattered reads of many are not worth remembering.
constexpr size_t kMaxPages = 8;
constexpr size_t kMaxRuns = 64;

}  // namespace

std::optional<uint32_t> DataCrc::Add(uint32_t page, uint64_t offset, std::string_view bytes,
                                     uint64_t total) {
  Run run{offset + bytes.size(), ExtendCrc(0, bytes)};

  absl::MutexLock lock(&mu_);
  auto at = std::find_if(pages_.begin(), pages_.end(),
                         [&](const PageRuns& known) { return known.page == page; });
  if (at == pages_.end()) {
    pages_.push_front({page, {}});
    if (pages_.size() > kMaxPages) pages_.pop_back();
  } else {
    pages_.splice(pages_.begin(), pages_, at);
  }
  auto& runs = pages_.front().runs;

  auto next = runs.lower_bound(offset);
  // What overlaps was read before (a second reader, a retry): the new piece brings nothing.
  if (next != runs.end() && next->first < run.end) return std::nullopt;
  if (next != runs.begin() && std::prev(next)->second.end > offset) return std::nullopt;
  if (next != runs.end() && next->first == run.end) {
    run.crc = CombineCrc(run.crc, next->second.crc, next->second.end - next->first);
    run.end = next->second.end;
    next = runs.erase(next);
  }
  if (next != runs.begin() && std::prev(next)->second.end == offset) {
    auto before = std::prev(next);
    run.crc = CombineCrc(before->second.crc, run.crc, run.end - offset);
    offset = before->first;
    runs.erase(before);
  }
  if (offset == 0 && run.end == total) {
    pages_.pop_front();
    return run.crc;
  }
  if (runs.size() < kMaxRuns) runs[offset] = run;
  return std::nullopt;
}

}  // namespace cbzfs
