// The end of memory is noticed, whoever asked for it and however they took it.

#include "codecs/worker/malloc_watch.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <new>

#include "codecs/worker/sanitized.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

#if !CBZFS_SANITIZED

// Runs `body` in a process with a heap of a few MiB more; what MemoryEnded() says after it.
bool EndsUnder(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit = {256 << 20, 256 << 20};
    setrlimit(RLIMIT_DATA, &limit);
    WatchMalloc();
    body();
    _exit(MemoryEnded() ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  return WEXITSTATUS(status) == 1;
}

// Volatile, or the compiler leaves out what nobody looks at.
void* volatile block = nullptr;
constexpr size_t kTooMuch = 700 << 20;

TEST(MallocWatchTest, WhatSucceedsIsNotNoted) {
  EXPECT_FALSE(EndsUnder([] {
    for (int i = 0; i < 1000; ++i) {
      block = malloc(10'000);
      block = realloc(block, 20'000);
      free(block);
    }
  }));
}

TEST(MallocWatchTest, EachWayOfAskingIsNoted) {
  EXPECT_TRUE(EndsUnder([] { block = malloc(kTooMuch); }));
  EXPECT_TRUE(EndsUnder([] { block = calloc(kTooMuch / 100, 100); }));
  EXPECT_TRUE(EndsUnder([] { block = realloc(malloc(10), kTooMuch); }));
  EXPECT_TRUE(EndsUnder([] { block = new (std::nothrow) char[kTooMuch]; }));
  EXPECT_TRUE(EndsUnder([] { block = aligned_alloc(64, kTooMuch); }));
  EXPECT_TRUE(EndsUnder([] {
    void* aligned = nullptr;
    if (posix_memalign(&aligned, 32, kTooMuch) != ENOMEM) _exit(0);
  }));
}

TEST(MallocWatchTest, GoingOnWithoutIsStillAnEnd) {
  EXPECT_TRUE(EndsUnder([] {
    block = malloc(kTooMuch);
    block = malloc(10);
  }));
}

TEST(MallocWatchTest, WhatSucceedsTheSecondTimeIsNone) {
  EXPECT_FALSE(EndsUnder([] {
    constexpr size_t kBytes = 150 << 20;
    void* volatile first = malloc(kBytes);
    block = malloc(kBytes);  // two do not fit
    if (block != nullptr || first == nullptr) _exit(2);
    free(first);
    block = malloc(kBytes);
  }));
}

TEST(MallocWatchTest, WhatNobodyIsEverGivenIsTheAskersFault) {
  EXPECT_FALSE(EndsUnder([] { block = malloc(size_t{2} << 30); }));
}

#endif

}  // namespace
}  // namespace cbzfs
