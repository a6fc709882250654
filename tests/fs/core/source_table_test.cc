// Open files are shared by version, and bounded.

#include "fs/core/source_table.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "fs/core/errno_status.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

int OpenSomething() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

SourceKey Key(uint64_t ino) { return {.dev = 1, .ino = ino, .size = 10, .mtime_ns = 5}; }

TEST(SourceTableTest, TheSameVersionIsOpenOnce) {
  SourceTable table(10);
  const int first = OpenSomething();
  auto a = table.Share(first, Key(1), 7, SourceFormat::kPdf);
  const int second = OpenSomething();
  auto b = table.Share(second, Key(1), 7, SourceFormat::kPdf);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(*a, *b);
  EXPECT_TRUE(IsOpen(first));
  EXPECT_FALSE(IsOpen(second));
  EXPECT_EQ(table.open(), 1u);
  SourceKey changed = Key(1);
  changed.ctime_ns = 1;
  auto c = table.Share(OpenSomething(), changed, 8, SourceFormat::kPdf);
  auto d = table.Share(OpenSomething(), Key(1), 7, SourceFormat::kArchive);
  EXPECT_NE(*c, *a);
  EXPECT_NE(*d, *a);
  EXPECT_EQ((*d)->format(), SourceFormat::kArchive);
  EXPECT_EQ(table.open(), 3u);
  a->reset();
  EXPECT_TRUE(IsOpen(first));
  b->reset();
  EXPECT_FALSE(IsOpen(first));
  EXPECT_EQ(table.open(), 2u);
}

TEST(SourceTableTest, TooManyAreRefusedAndCostNoDescriptor) {
  SourceTable table(2);
  auto a = table.Share(OpenSomething(), Key(1), 1, SourceFormat::kPdf);
  auto b = table.Share(OpenSomething(), Key(2), 2, SourceFormat::kPdf);
  const int third = OpenSomething();
  EXPECT_EQ(ErrnoOf(table.Share(third, Key(3), 3, SourceFormat::kPdf).status()), EMFILE);
  EXPECT_FALSE(IsOpen(third));
  EXPECT_TRUE(table.Share(OpenSomething(), Key(2), 2, SourceFormat::kPdf).ok());
  a->reset();
  EXPECT_TRUE(table.Share(OpenSomething(), Key(3), 3, SourceFormat::kPdf).ok());
}

TEST(SourceTableTest, FilesMayOutliveTheTable) {
  auto table = std::make_unique<SourceTable>(2);
  auto file = table->Share(OpenSomething(), Key(1), 1, SourceFormat::kPdf);
  table.reset();
  EXPECT_TRUE(IsOpen((*file)->fd()));
}

TEST(SourceTableTest, ThreadsShareAndLetGoAtOnce) {
  SourceTable table(100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        auto file = table.Share(OpenSomething(), Key(i % 3), 1, SourceFormat::kPdf);
        ASSERT_TRUE(file.ok());
        ASSERT_TRUE(IsOpen((*file)->fd()));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(table.open(), 0u);
}

TEST(SourceTableTest, TheLimitLeavesRoomForTheRest) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  for (const rlim_t all : {rlim_t{64}, rlim_t{200}}) {
    const rlimit small = {all, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &small), 0);
    EXPECT_GE(SourceLimit(4), all / 2);
    EXPECT_LE(SourceLimit(4), all - 32);
    EXPECT_LE(SourceLimit(256), SourceLimit(4));
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace cbzfs
