#include "fs/core/memory_plan.h"

#include <algorithm>

namespace cbzfs {
namespace {

constexpr uint64_t kDaemonBytes = 24ull << 20;
constexpr uint64_t kWorkerBytes = 8ull << 20;  // 4 for itself, 4 for its heap's slack
constexpr uint64_t kReserveBytes = 32ull << 20;

}  // namespace

MemoryShares ShareMemory(uint64_t memory, uint32_t workers) {
  MemoryShares shares;
  // One more worker is there for analyses. More of them than the memory is for are the user's wish;
  // something is left for their work all the same.
  shares.base = std::min(kDaemonBytes + (workers + uint64_t{1}) * kWorkerBytes, memory / 2);
  shares.reserve = std::min(kReserveBytes, memory / 16);
  shares.shared = memory - shares.base - shares.reserve;
  shares.alone = memory - std::min(kDaemonBytes + kWorkerBytes, memory / 2) - shares.reserve;
  return shares;
}

MonitorOptions MonitorOptionsOf(const Options& options) {
  MonitorOptions monitor;
  monitor.warn_bytes = options.memory_warn > 0 ? options.memory_warn
                                               : std::max(monitor.warn_bytes, options.memory_bytes);
  const bool asked_for_more = options.memory_bytes > Options().memory_bytes;
  monitor.trim_bytes = options.memory_trim > 0 ? options.memory_trim
                       : asked_for_more        ? options.memory_bytes
                                               : monitor.trim_bytes;
  monitor.report = options.report_memory;
  monitor.trace = options.trace_memory;
  return monitor;
}

}  // namespace cbzfs
