#include "fs/monitor/memory_monitor.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(1);
constexpr absl::Duration kLongest = absl::Seconds(30);

// Tells when processes waited for memory for 0.2 s of 2 s. Windows that are no multiple of 2 s
// would take a privilege (Linux 6.5 and newer; older kernels want it for all).
constexpr char kTrigger[] = "some 200000 2000000";

std::string Mib(const std::optional<uint64_t>& bytes) {
  return bytes ? absl::StrCat(*bytes >> 20, " MiB") : "unknown";
}

// -1 where there is none.
int OpenTrigger(const std::string& file) {
  if (file.empty()) return -1;
  const int fd = open(file.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -1;
  if (write(fd, kTrigger, sizeof kTrigger) > 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

MemoryMonitor::MemoryMonitor(MonitorOptions options, std::unique_ptr<const MemorySource> source)
    : options_(std::move(options)),
      source_(std::move(source)),
      period_(kPeriod),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

MemoryMonitor::~MemoryMonitor() {
  Stop();
  close(wake_);
}

std::optional<uint64_t> MemoryMonitor::AvailableNow() {
  const absl::Time now = options_.now();
  {
    absl::MutexLock lock(&mu_);
    if (now - available_read_ < kPeriod && now >= available_read_) return available_;
    available_read_ = now;  // whoever comes now takes the old figure
  }
  const std::optional<uint64_t> available = source_->Available();
  absl::MutexLock lock(&mu_);
  available_ = available;
  stats_.available = available;
  return available;
}

absl::Status MemoryMonitor::MayTake(uint64_t bytes) {
  if (asleep_.exchange(false)) eventfd_write(wake_, 1);
  if (bytes <= kLargeWork) return absl::OkStatus();
  const std::optional<uint64_t> available = AvailableNow();
  if (!available || *available >= kLeastMemory) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("only ", *available >> 20, " MiB of memory are available on this machine (",
                   kLeastMemory >> 20, " are wanted for a page that takes ", bytes >> 20,
                   "): read it again when other programs have ended"));
}

MonitorStats MemoryMonitor::stats() const {
  absl::MutexLock lock(&mu_);
  MonitorStats stats = stats_;
  stats.pressed = pressed_;
  return stats;
}

void MemoryMonitor::Measure(MonitorStats* now) const {
  now->daemon_bytes = source_->BytesOf(getpid());
  std::set<int> pids;
  if (hooks_.workers) {
    for (const int pid : hooks_.workers()) {
      pids.insert(pid);
      // The zygote, which all workers come from.
      const std::optional<int> parent = source_->ParentOf(pid);
      if (parent && *parent > 1 && *parent != getpid()) pids.insert(*parent);
    }
  }
  uint64_t bytes = 0;
  for (const int pid : pids) bytes += source_->BytesOf(pid).value_or(0);
  now->workers_bytes = bytes;
  now->pressure = source_->Pressure();
}

void MemoryMonitor::Trim(const char* why) {
  trimmed_ = options_.now();
  {
    absl::MutexLock lock(&mu_);
    ++stats_.trims;
  }
  spdlog::info("{}: letting go of finished pages and idle workers", why);
  if (hooks_.trim) hooks_.trim();
}

void MemoryMonitor::JudgePressure(const MonitorStats& now, bool told) {
  const double percent = now.pressure.value_or(0);
  if (told || percent >= kPressed) {
    if (!pressed_.exchange(true)) Trim("memory is short on this machine");
  } else if (percent < kRelieved) {
    pressed_ = false;
  }
}

void MemoryMonitor::JudgeSize(const MonitorStats& now) {
  const uint64_t bytes = now.daemon_bytes.value_or(0) + now.workers_bytes.value_or(0);
  if (bytes > options_.trim_bytes) {
    if (!over_trim_ || options_.now() - trimmed_ >= kLongest) Trim("over memory_trim");
    over_trim_ = true;
  } else if (bytes < options_.trim_bytes / 10 * 9) {
    over_trim_ = false;
  }
  if (bytes > options_.warn_bytes) {
    if (!std::exchange(over_warn_, true)) {
      spdlog::warn("daemon and workers take {} MiB of memory, more than memory_warn={}M",
                   bytes >> 20, options_.warn_bytes >> 20);
      absl::MutexLock lock(&mu_);
      ++stats_.warnings;
    }
  } else if (bytes < options_.warn_bytes / 10 * 9) {
    over_warn_ = false;
  }
}

void MemoryMonitor::JudgeMachine(const MonitorStats& now) {
  if (!now.available) return;
  if (*now.available < kLittleMemory) {
    if (!std::exchange(little_, true)) {
      spdlog::warn("only {} MiB of memory are available on this machine", *now.available >> 20);
      absl::MutexLock lock(&mu_);
      ++stats_.warnings;
    }
  } else if (*now.available > kLittleMemory / 8 * 9) {
    little_ = false;
  }
}

void MemoryMonitor::Report(const MonitorStats& now, bool changed) const {
  if (!changed || !(options_.report || options_.trace)) return;
  spdlog::info("memory: daemon {}, workers {}, available {}, pressure {}", Mib(now.daemon_bytes),
               Mib(now.workers_bytes), Mib(now.available),
               now.pressure ? absl::StrCat(*now.pressure, " %") : "unknown");
  if (options_.trace && hooks_.parts) spdlog::debug("memory: {}", hooks_.parts());
}

absl::Duration MemoryMonitor::Look(bool told) {
  MonitorStats now;
  Measure(&now);
  now.available = AvailableNow();
  const uint64_t activity = hooks_.activity ? hooks_.activity() : 0;
  bool changed = std::exchange(activity_, activity) != activity;
  {
    absl::MutexLock lock(&mu_);
    changed = changed || stats_.looks == 0;
    stats_.daemon_bytes = now.daemon_bytes;
    stats_.workers_bytes = now.workers_bytes;
    stats_.pressure = now.pressure;
    ++stats_.looks;
  }
  Report(now, changed);
  JudgePressure(now, told);
  JudgeSize(now);
  JudgeMachine(now);
  period_ = changed || pressed_ ? kPeriod : std::min(2 * period_, kLongest);
  return period_;
}

void MemoryMonitor::WaitFor(absl::Duration period, int pressure_fd, bool* told) {
  pollfd waiting[] = {{.fd = wake_, .events = POLLIN, .revents = 0},
                      {.fd = pressure_fd, .events = POLLPRI, .revents = 0}};
  asleep_ = period > kPeriod;
  poll(waiting, pressure_fd >= 0 ? 2 : 1, static_cast<int>(absl::ToInt64Milliseconds(period)));
  asleep_ = false;
  eventfd_t ignored;
  eventfd_read(wake_, &ignored);
  *told = pressure_fd >= 0 && (waiting[1].revents & POLLPRI) != 0;
}

void MemoryMonitor::Run() {
  pthread_setname_np(pthread_self(), "cbzfs-memory");
  const int pressure_fd = OpenTrigger(source_->PressureFile());
  bool told = false;
  while (!stopping_) {
    const absl::Duration period = Look(told);
    WaitFor(period, pressure_fd, &told);
    // Work that wakes it has hardly begun: look when there is something to be seen.
    if (!told && !stopping_ && period > kPeriod) {
      period_ = kPeriod;
      WaitFor(kPeriod, pressure_fd, &told);
    }
  }
  if (pressure_fd >= 0) close(pressure_fd);
}

void MemoryMonitor::Start(MonitorHooks hooks) {
  hooks_ = std::move(hooks);
  // The thread inherits the mask: signals are for the threads that expect them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void MemoryMonitor::Stop() {
  if (stopping_.exchange(true)) return;
  eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
}

}  // namespace cbzfs
