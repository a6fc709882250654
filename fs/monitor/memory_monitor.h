// Watches the memory of a mount and of the machine, and says what is to be done about it.
//
// Looks every second while there is work, after twice as long each time while nothing changes, up
// to 30 s, and at once when the kernel tells of pressure (a PSI trigger, where it grants one). What
// follows from a look:
//
//   all processes over `trim_bytes`   trim: finished pages and idle workers go. Once, and again
//                                     each 30 s while it stays so
//   all processes over `warn_bytes`   a warning in the log, once until it was under 9/10 of that
//   memory of the machine under 2 GB  a warning, once until it was over 9/8 of that
//   pressure                          trim, and one drawing at a time (pressed()) until it is over
//
// Threads: the public methods from any, after construction. The hooks are called on the monitor's
// own thread, or by Look(); no lock is held.

#ifndef CBZFS_FS_MONITOR_MEMORY_MONITOR_H_
#define CBZFS_FS_MONITOR_MEMORY_MONITOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fs/monitor/memory_source.h"

namespace cbzfs {

struct MonitorOptions {
  uint64_t warn_bytes = 1000ull << 20;
  uint64_t trim_bytes = 500ull << 20;
  bool report = false;  // MONITOR=true: a line of figures at each look at which they changed
  bool trace = false;   // DEBUG=true: a line of figures of each part, too
  std::function<absl::Time()> now = absl::Now;
};

struct MonitorHooks {
  std::function<std::vector<int>()> workers;  // pids
  std::function<uint64_t()> activity;         // grows with the work that was done
  std::function<void()> trim;
  std::function<std::string()> parts;  // figures for the log
};

// As of the last look; nothing where it is not known (yet).
struct MonitorStats {
  std::optional<uint64_t> daemon_bytes;
  std::optional<uint64_t> workers_bytes;  // the zygote too
  std::optional<uint64_t> available;
  std::optional<double> pressure;  // percent
  bool pressed = false;
  uint64_t trims = 0;
  uint64_t warnings = 0;
  uint64_t looks = 0;
};

class MemoryMonitor {
 public:
  // The seed's limits: warn of little memory, and begin no large work with less.
  static constexpr uint64_t kLittleMemory = 2ull << 30;
  static constexpr uint64_t kLeastMemory = 1ull << 30;
  // Large is what takes more than this, a drawn page of 20 megapixels.
  static constexpr uint64_t kLargeWork = 128ull << 20;
  // Percent of ten seconds in which somebody waited for memory, and when that is over.
  static constexpr double kPressed = 10;
  static constexpr double kRelieved = 5;

  MemoryMonitor(MonitorOptions options, std::unique_ptr<const MemorySource> source);
  ~MemoryMonitor();
  MemoryMonitor(const MemoryMonitor&) = delete;
  MemoryMonitor& operator=(const MemoryMonitor&) = delete;

  // Whether work that takes `bytes` may begin; kResourceExhausted with a message for the user where
  // the machine has too little memory for it. Reads /proc at most once a second.
  absl::Status MayTake(uint64_t bytes);
  bool pressed() const { return pressed_; }
  MonitorStats stats() const;

  // Begins to watch. Once.
  void Start(MonitorHooks hooks);
  // Ends it and joins the thread; no hook is called afterwards. Idempotent.
  void Stop();

  // For the thread, and for tests instead of Start(): sets the hooks, and looks once. `told`: the
  // kernel has told of pressure. Returns how long to wait until the next look.
  void SetHooks(MonitorHooks hooks) { hooks_ = std::move(hooks); }
  absl::Duration Look(bool told);

 private:
  std::optional<uint64_t> AvailableNow() ABSL_LOCKS_EXCLUDED(mu_);
  void Measure(MonitorStats* now) const;
  void JudgePressure(const MonitorStats& now, bool told);
  void JudgeSize(const MonitorStats& now);
  void JudgeMachine(const MonitorStats& now);
  void Report(const MonitorStats& now, bool changed) const;
  void Trim(const char* why);
  void Run();
  void WaitFor(absl::Duration period, int pressure_fd, bool* told);

  const MonitorOptions options_;
  const std::unique_ptr<const MemorySource> source_;
  MonitorHooks hooks_;
  std::atomic<bool> pressed_ = false;
  std::atomic<bool> asleep_ = false;  // for more than a second: work wakes it

  // The watching thread's alone.
  absl::Duration period_;
  uint64_t activity_ = 0;
  bool over_warn_ = false;
  bool over_trim_ = false;
  bool little_ = false;
  absl::Time trimmed_ = absl::InfinitePast();

  mutable absl::Mutex mu_;
  MonitorStats stats_ ABSL_GUARDED_BY(mu_);
  std::optional<uint64_t> available_ ABSL_GUARDED_BY(mu_);
  absl::Time available_read_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();

  std::atomic<bool> stopping_ = false;
  const int wake_;  // eventfd
  std::thread thread_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_MONITOR_MEMORY_MONITOR_H_
