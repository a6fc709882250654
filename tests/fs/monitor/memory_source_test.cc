// What is read from the kernel's files: from made-up ones, and from the real ones once.

#include "fs/monitor/memory_source.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace cbzfs {
namespace {

constexpr uint64_t kMiB = 1 << 20;

class MemorySourceTest : public testing::Test {
 protected:
  MemorySourceTest() {
    std::string name = testing::TempDir() + "/cbzfs_memory_XXXXXX";
    folder_ = mkdtemp(name.data());
    Put("proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable:    4194304 kB\nBuffers: 1 kB\n");
    Put("proc/self/cgroup", "4:memory:/old\n0::/user/app\n");
  }
  ~MemorySourceTest() override { std::filesystem::remove_all(folder_); }

  void Put(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  SystemMemory Source() const { return SystemMemory(folder_ + "/proc", folder_ + "/cgroup"); }

  std::string folder_;
};

TEST_F(MemorySourceTest, AvailableIsTheMachinesWithoutLimits) {
  EXPECT_EQ(Source().Available(), 4096 * kMiB);
  Put("cgroup/user/app/memory.max", "max\n");
  Put("cgroup/user/app/memory.current", "1048576\n");
  EXPECT_EQ(Source().Available(), 4096 * kMiB);
}

TEST_F(MemorySourceTest, TheTightestGroupOnTheWayUpCounts) {
  Put("cgroup/user/app/memory.max", "3221225472\n");  // 3 GiB
  Put("cgroup/user/app/memory.current", "1073741824\n");
  EXPECT_EQ(Source().Available(), 2048 * kMiB);
  Put("cgroup/user/memory.max", "1073741824\n");
  Put("cgroup/user/memory.current", "805306368\n");
  EXPECT_EQ(Source().Available(), 256 * kMiB);
  // Page cache that can go is no use of memory.
  Put("cgroup/user/memory.stat", "anon 1\nfile 999999999\ninactive_file 268435456\nslab 7\n");
  EXPECT_EQ(Source().Available(), 512 * kMiB);
  Put("cgroup/user/memory.current", "2147483648\n");  // over its limit, as after it was lowered
  EXPECT_EQ(Source().Available(), 0u);
}

TEST_F(MemorySourceTest, NonsenseIsNotKnown) {
  Put("cgroup/user/memory.max", "1073741824 garbage\n");
  Put("cgroup/user/memory.current", "-5\n");
  EXPECT_EQ(Source().Available(), 4096 * kMiB);
  Put("proc/meminfo", "MemAvailable: much\n");
  EXPECT_EQ(Source().Available(), std::nullopt);
  EXPECT_EQ(SystemMemory(folder_ + "/none", folder_ + "/none").Available(), std::nullopt);
  EXPECT_EQ(Source().Pressure(), std::nullopt);
  EXPECT_EQ(Source().PressureFile(), "");
  EXPECT_EQ(Source().BytesOf(5), std::nullopt);
  EXPECT_EQ(Source().ParentOf(5), std::nullopt);
}

TEST_F(MemorySourceTest, AProcessHasItsShareOrWhatIsItsAlone) {
  Put("proc/5/smaps_rollup", "55-7f ---p 0 00:00 0 [rollup]\nRss: 900 kB\nPss:   300 kB\n");
  EXPECT_EQ(Source().BytesOf(5), 300u << 10);
  Put("proc/6/status",
      "Name:\tx\nPPid:\t12\nRssAnon:\t 40 kB\nRssFile:\t 9 kB\nRssShmem:\t 2 kB\n");
  EXPECT_EQ(Source().BytesOf(6), 42u << 10);
  EXPECT_EQ(Source().ParentOf(6), 12);
}

TEST_F(MemorySourceTest, PressureIsTheContainersElseTheMachines) {
  Put("proc/pressure/memory", "some avg10=12.34 avg60=0.00 avg300=0.00 total=0\nfull avg10=1 x\n");
  EXPECT_EQ(Source().Pressure(), 12.34);
  Put("cgroup/user/app/memory.pressure", "some avg10=3.00 avg60=0.00 avg300=0.00 total=0\n");
  EXPECT_EQ(Source().Pressure(), 3.0);
  EXPECT_EQ(Source().PressureFile(), folder_ + "/cgroup/user/app/memory.pressure");
}

TEST(SystemMemoryTest, TheRealFilesAreUnderstood) {
  const SystemMemory source;
  EXPECT_GT(source.Available().value_or(0), kMiB);
  EXPECT_GT(source.BytesOf(getpid()).value_or(0), kMiB / 4);
  EXPECT_EQ(source.ParentOf(getpid()), getppid());
}

}  // namespace
}  // namespace cbzfs
