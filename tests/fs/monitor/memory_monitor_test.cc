// What the monitor makes of what it sees, look by look; and its thread, once.

#include "fs/monitor/memory_monitor.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <map>
#include <sstream>
#include <utility>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kMiB = 1 << 20;
constexpr int kWorker = 1'000'001;
constexpr int kZygote = 1'000'002;

struct Figures {
  std::optional<uint64_t> available = 8192 * kMiB;
  std::map<int, uint64_t> bytes = {{getpid(), 50 * kMiB}, {kWorker, 20 * kMiB}, {kZygote, kMiB}};
  std::optional<double> pressure = 0.0;
  int reads = 0;  // of `available`
};

class FakeMemory final : public MemorySource {
 public:
  explicit FakeMemory(Figures* figures) : figures_(figures) {}
  std::optional<uint64_t> Available() const override {
    ++figures_->reads;
    return figures_->available;
  }
  std::optional<uint64_t> BytesOf(int pid) const override {
    const auto found = figures_->bytes.find(pid);
    if (found == figures_->bytes.end()) return std::nullopt;
    return found->second;
  }
  std::optional<int> ParentOf(int) const override { return kZygote; }
  std::optional<double> Pressure() const override { return figures_->pressure; }
  std::string PressureFile() const override { return ""; }

 private:
  Figures* const figures_;
};

class MemoryMonitorTest : public testing::Test {
 protected:
  MemoryMonitorTest() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_));
    logger->set_level(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
    Make({});
  }
  ~MemoryMonitorTest() override { spdlog::set_default_logger(before_); }

  void Make(MonitorOptions options) {
    options.now = [this] { return now_; };
    monitor_ = std::make_unique<MemoryMonitor>(options, std::make_unique<FakeMemory>(&figures_));
    monitor_->SetHooks({.workers = [] { return std::vector<int>{kWorker}; },
                        .activity = [this] { return activity_; },
                        .trim = [this] { ++trims_; },
                        .parts = [] { return "cache 7"; }});
  }
  absl::Duration Look(bool told = false) {
    now_ += absl::Seconds(1);
    return monitor_->Look(told);
  }
  // What was logged since the last call.
  std::string Log() {
    spdlog::default_logger()->flush();
    std::string text = log_.str();
    log_.str("");
    return text;
  }

  Figures figures_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  uint64_t activity_ = 0;
  int trims_ = 0;
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
  std::unique_ptr<MemoryMonitor> monitor_;
};

TEST_F(MemoryMonitorTest, ItAddsUpDaemonWorkersAndZygote) {
  Look();
  const MonitorStats stats = monitor_->stats();
  EXPECT_EQ(stats.daemon_bytes, 50 * kMiB);
  EXPECT_EQ(stats.workers_bytes, 21 * kMiB);
  EXPECT_EQ(stats.available, 8192 * kMiB);
  EXPECT_EQ(stats.pressure, 0.0);
  EXPECT_EQ(stats.looks, 1u);
  EXPECT_EQ(Log(), "");
}

TEST_F(MemoryMonitorTest, ItLooksLessOftenWhileNothingHappens) {
  EXPECT_EQ(Look(), absl::Seconds(1));
  for (const int seconds : {2, 4, 8, 16, 30, 30}) EXPECT_EQ(Look(), absl::Seconds(seconds));
  ++activity_;
  EXPECT_EQ(Look(), absl::Seconds(1));
  EXPECT_EQ(Look(), absl::Seconds(2));
}

TEST_F(MemoryMonitorTest, AWarningComesOnceACrossing) {
  figures_.bytes[kWorker] = 960 * kMiB;
  Look();
  EXPECT_THAT(Log(), HasSubstr("more than memory_warn=1000M"));
  Look();
  figures_.bytes[kWorker] = 900 * kMiB;  // hardly under
  Look();
  figures_.bytes[kWorker] = 960 * kMiB;
  Look();
  EXPECT_THAT(Log(), Not(HasSubstr("memory_warn")));
  figures_.bytes[kWorker] = 100 * kMiB;
  Look();
  figures_.bytes[kWorker] = 960 * kMiB;
  Look();
  EXPECT_THAT(Log(), HasSubstr("memory_warn"));
  EXPECT_EQ(monitor_->stats().warnings, 2u);
}

TEST_F(MemoryMonitorTest, OverTheThresholdItTrimsAndAgainAfterAWhile) {
  figures_.bytes[kWorker] = 448 * kMiB;
  Look();
  EXPECT_EQ(trims_, 0) << "499 MiB";
  figures_.bytes[kWorker] = 450 * kMiB;
  Look();
  EXPECT_EQ(trims_, 1);
  for (int i = 0; i < 29; ++i) Look();
  EXPECT_EQ(trims_, 1);
  Look();
  EXPECT_EQ(trims_, 2);
  figures_.bytes[kWorker] = kMiB;
  Look();
  figures_.bytes[kWorker] = 450 * kMiB;
  Look();
  EXPECT_EQ(trims_, 3);
  EXPECT_EQ(monitor_->stats().trims, 3u);
}

TEST_F(MemoryMonitorTest, ThresholdsAreAsAskedFor) {
  Make({.warn_bytes = 60 * kMiB, .trim_bytes = 70 * kMiB});
  Look();
  EXPECT_EQ(trims_, 1);
  EXPECT_THAT(Log(), HasSubstr("71 MiB of memory, more than memory_warn=60M"));
}

TEST_F(MemoryMonitorTest, PressureTrimsAtOnceAndLastsUntilItIsClearlyOver) {
  figures_.pressure = 9.9;
  Look();
  EXPECT_FALSE(monitor_->pressed());
  figures_.pressure = 10;
  EXPECT_EQ(Look(), absl::Seconds(1));
  EXPECT_TRUE(monitor_->pressed());
  EXPECT_EQ(trims_, 1);
  figures_.pressure = 5;
  EXPECT_EQ(Look(), absl::Seconds(1)) << "while it lasts it is looked at";
  EXPECT_TRUE(monitor_->pressed());
  EXPECT_EQ(trims_, 1);
  figures_.pressure = 4.9;
  Look();
  EXPECT_FALSE(monitor_->pressed());
  Look(/*told=*/true);
  EXPECT_TRUE(monitor_->pressed());
  EXPECT_EQ(trims_, 2);
  figures_.pressure = std::nullopt;
  Look();
  EXPECT_FALSE(monitor_->pressed());
}

TEST_F(MemoryMonitorTest, LargeWorkIsRefusedWhenLittleMemoryIsAvailable) {
  const uint64_t large = MemoryMonitor::kLargeWork + 1;
  EXPECT_TRUE(monitor_->MayTake(large).ok());
  now_ += absl::Seconds(1);
  figures_.available = 1024 * kMiB - 1;
  const absl::Status refused = monitor_->MayTake(large);
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("only 1023 MiB of memory are available on this machine"));
  EXPECT_TRUE(monitor_->MayTake(MemoryMonitor::kLargeWork).ok());
  now_ += absl::Seconds(1);
  figures_.available = std::nullopt;
  EXPECT_TRUE(monitor_->MayTake(large).ok()) << "not known is not little";
}

TEST_F(MemoryMonitorTest, AvailableMemoryIsReadAtMostOnceASecond) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(monitor_->MayTake(1ull << 40).ok());
  EXPECT_EQ(figures_.reads, 1);
  now_ += absl::Seconds(1);
  EXPECT_TRUE(monitor_->MayTake(1ull << 40).ok());
  EXPECT_EQ(figures_.reads, 2);
  EXPECT_TRUE(monitor_->MayTake(1).ok());
  EXPECT_EQ(figures_.reads, 2);
}

TEST_F(MemoryMonitorTest, LittleMemoryOfTheMachineIsWarnedOfOnce) {
  figures_.available = 2047 * kMiB;
  Look();
  Look();
  const std::string log = Log();
  EXPECT_THAT(log, HasSubstr("only 2047 MiB"));
  EXPECT_EQ(log.find("only"), log.rfind("only"));
  figures_.available = 2100 * kMiB;
  Look();
  figures_.available = 2000 * kMiB;
  Look();
  EXPECT_EQ(Log(), "");
}

TEST_F(MemoryMonitorTest, FiguresAreLoggedWhenAskedForAndChanged) {
  Make({.report = true});
  Look();
  const std::string report = Log();
  EXPECT_THAT(report, HasSubstr("daemon 50 MiB, workers 21 MiB, available 8192 MiB"));
  EXPECT_THAT(report, Not(HasSubstr("cache 7")));
  Look();
  EXPECT_EQ(Log(), "") << "nothing happened";
  Make({.trace = true});
  Look();
  EXPECT_THAT(Log(), HasSubstr("cache 7"));
}

TEST(MemoryMonitorThreadTest, ItLooksAndCanBeStopped) {
  Figures figures;
  MemoryMonitor monitor({}, std::make_unique<FakeMemory>(&figures));
  absl::Notification looked;
  monitor.Start({.workers = {},
                 .activity =
                     [&] {
                       if (!looked.HasBeenNotified()) looked.Notify();
                       return 0;
                     },
                 .trim = {},
                 .parts = {}});
  looked.WaitForNotification();
  monitor.Stop();
  monitor.Stop();
  EXPECT_GE(monitor.stats().looks, 1u);
}

}  // namespace
}  // namespace cbzfs
