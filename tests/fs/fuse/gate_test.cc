#include "fs/fuse/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"

namespace cbzfs {
namespace {

// Threads that are inside, on work that hangs until Release().
class Hanging {
 public:
  explicit Hanging(Gate* gate) : gate_(gate) {}
  ~Hanging() { Release(); }
  // Returns when the work is being done.
  void Start(uint64_t key) {
    absl::Notification inside;
    threads_.emplace_back([&, key] {
      gate_->Run(key, [&] {
        inside.Notify();
        release_.WaitForNotification();
      });
    });
    inside.WaitForNotification();
  }
  void Release() {
    if (!release_.HasBeenNotified()) release_.Notify();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  Gate* const gate_;
  absl::Notification release_;
  std::vector<std::thread> threads_;
};

TEST(Gate, WorkIsDoneAtOnceWhileThereIsRoom) {
  Gate gate(4, 2);
  int done = 0;
  for (int i = 0; i < 10; ++i) gate.Run(1, [&] { ++done; });
  EXPECT_EQ(done, 10);
}

TEST(Gate, OneKeyTakesNoMoreThanItsShareAndOthersGoOn) {
  Gate gate(4, 2);
  Hanging hanging(&gate);
  hanging.Start(1);
  hanging.Start(1);
  std::atomic<int> third = 0;
  gate.Run(1, [&] { ++third; });  // returns: it waits without a thread
  EXPECT_EQ(third, 0);
  int other = 0;
  gate.Run(2, [&] { ++other; });
  EXPECT_EQ(other, 1);
  EXPECT_EQ(third, 0) << "a thread that comes out does nothing for a key without room";
  hanging.Release();
  EXPECT_EQ(third, 1);
}

TEST(Gate, NoMoreThanTheMostAreInside) {
  Gate gate(3, 2);
  Hanging hanging(&gate);
  for (uint64_t key = 1; key <= 3; ++key) hanging.Start(key);
  std::atomic<int> done = 0;
  for (uint64_t key = 4; key < 100; ++key) gate.Run(key, [&] { ++done; });
  EXPECT_EQ(done, 0);
  hanging.Release();
  EXPECT_EQ(done, 96) << "the first that comes out does all that waited";
}

TEST(Gate, ManyThreadsDoEachWorkOnce) {
  Gate gate(3, 2);
  std::atomic<int> done = 0;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  absl::BlockingCounter all(8 * 1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        gate.Run(static_cast<uint64_t>(t % 3), [&] {
          const int now = ++inside;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          ++done;
          --inside;
          all.DecrementCount();
        });
      }
    });
  }
  all.Wait();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 8000);
  EXPECT_LE(most, 3);
}

}  // namespace
}  // namespace cbzfs
