#include "fs/fuse/pending_replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// Stands for requests of libfuse: numbers that look like pointers.
fuse_req* Request(uintptr_t number) { return reinterpret_cast<fuse_req*>(number); }

class FakeRequests : public RequestHooks {
 public:
  void WatchInterrupt(fuse_req*, uint64_t id) override {
    if (interrupt_while_watching != nullptr) interrupt_while_watching->Interrupt(id);
  }
  void ReplyError(fuse_req* request, int error) override {
    absl::MutexLock lock(&mu_);
    replies_.emplace_back(request, error);
  }
  std::vector<std::pair<fuse_req*, int>> replies() {
    absl::MutexLock lock(&mu_);
    return replies_;
  }

  PendingReplies* interrupt_while_watching = nullptr;

 private:
  absl::Mutex mu_;
  std::vector<std::pair<fuse_req*, int>> replies_ ABSL_GUARDED_BY(mu_);
};

class CountingWait : public ReadWait {
 public:
  void Leave() override { ++left; }
  std::atomic<int> left = 0;
};

TEST(PendingReplies, AResultIsTakenOnce) {
  FakeRequests requests;
  PendingReplies pending(&requests);
  const auto id = pending.Add(Request(1));
  ASSERT_TRUE(id.has_value());
  {
    const auto claim = pending.Take(*id);
    ASSERT_TRUE(claim.has_value());
    EXPECT_EQ(claim->request(), Request(1));
    EXPECT_FALSE(pending.Take(*id).has_value());
  }
  EXPECT_FALSE(pending.Take(*id).has_value());
  EXPECT_THAT(requests.replies(), IsEmpty());
}

TEST(PendingReplies, AnInterruptAnswersAndLeavesTheWait) {
  FakeRequests requests;
  PendingReplies pending(&requests);
  const auto wait = std::make_shared<CountingWait>();
  const auto id = pending.Add(Request(1));
  pending.SetWait(*id, wait);
  pending.Interrupt(*id);
  EXPECT_THAT(requests.replies(), ElementsAre(Pair(Request(1), EINTR)));
  EXPECT_EQ(wait->left, 1);
  EXPECT_FALSE(pending.Take(*id).has_value());
  pending.Interrupt(*id);
  EXPECT_EQ(requests.replies().size(), 1u);
}

TEST(PendingReplies, AnInterruptAfterTheResultDoesNothing) {
  FakeRequests requests;
  PendingReplies pending(&requests);
  const auto wait = std::make_shared<CountingWait>();
  const auto id = pending.Add(Request(1));
  pending.SetWait(*id, wait);
  const auto claim = pending.Take(*id);
  pending.Interrupt(*id);
  EXPECT_THAT(requests.replies(), IsEmpty());
  EXPECT_EQ(wait->left, 0);
  EXPECT_EQ(wait.use_count(), 1);  // nothing keeps it
}

// libfuse touches the request after the function that it calls in there.
TEST(PendingReplies, AnInterruptDuringRegistrationIsAnsweredAfterIt) {
  FakeRequests requests;
  PendingReplies pending(&requests);
  requests.interrupt_while_watching = &pending;
  EXPECT_FALSE(pending.Add(Request(1)).has_value());
  EXPECT_THAT(requests.replies(), ElementsAre(Pair(Request(1), EINTR)));
}

TEST(PendingReplies, AWaitThatComesAfterTheInterruptIsLeftAtOnce) {
  FakeRequests requests;
  PendingReplies pending(&requests);
  const auto wait = std::make_shared<CountingWait>();
  const auto id = pending.Add(Request(1));
  pending.Interrupt(*id);
  pending.SetWait(*id, wait);
  EXPECT_EQ(wait->left, 1);
}

TEST(PendingReplies, DrainAnswersAllThatWaits) {
  FakeRequests requests;
  PendingReplies pending(&requests);
  const auto wait = std::make_shared<CountingWait>();
  const auto first = pending.Add(Request(1));
  const auto second = pending.Add(Request(2));
  const auto answered = pending.Add(Request(3));
  pending.SetWait(*second, wait);
  EXPECT_TRUE(pending.Take(*answered).has_value());
  pending.Drain(ENOTCONN);
  EXPECT_THAT(requests.replies(),
              UnorderedElementsAre(Pair(Request(1), ENOTCONN), Pair(Request(2), ENOTCONN)));
  EXPECT_EQ(wait->left, 1);
  EXPECT_FALSE(pending.Take(*first).has_value());
}

TEST(PendingReplies, DrainWaitsForReplyBeingSent) {
  FakeRequests requests;
  PendingReplies pending(&requests);
  const auto id = pending.Add(Request(1));
  std::atomic<bool> sent = false;
  absl::Notification taken;
  std::thread sender([&] {
    const auto claim = pending.Take(*id);
    taken.Notify();
    std::this_thread::yield();
    sent = true;
  });
  taken.WaitForNotification();
  pending.Drain(ENOTCONN);
  EXPECT_TRUE(sent);
  sender.join();
  EXPECT_THAT(requests.replies(), IsEmpty());
}

TEST(PendingReplies, ResultAndInterruptAtOnceGiveOneAnswer) {
  FakeRequests requests;
  PendingReplies pending(&requests);
  constexpr int kRounds = 2000;
  int results = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto id = pending.Add(Request(round + 1));
    ASSERT_TRUE(id.has_value());
    auto* barrier = new absl::Barrier(2);
    std::thread interrupter([&] {
      if (barrier->Block()) delete barrier;
      pending.Interrupt(*id);
    });
    if (barrier->Block()) delete barrier;
    if (pending.Take(*id).has_value()) ++results;
    interrupter.join();
  }
  EXPECT_EQ(results + static_cast<int>(requests.replies().size()), kRounds);
}

}  // namespace
}  // namespace cbzfs
