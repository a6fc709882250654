#include "cache/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace cbzfs {
namespace {

using Flight = SingleFlight<int, std::string>;

Flight::Result Text(const std::string& text) { return std::make_shared<const std::string>(text); }

// A waiter that appends what it was told to `log`.
Flight::Waiter Log(std::vector<std::string>& log, const std::string& name) {
  return [&log, name](const Flight::Result& result) {
    log.push_back(name + ":" +
                  (result.ok() ? **result : absl::StatusCodeToString(result.status().code())));
  };
}

TEST(SingleFlightTest, TheFirstLeadsAndAllAreCalledInOrder) {
  Flight flight;
  std::vector<std::string> log;
  EXPECT_TRUE(flight.Join(1, Log(log, "a")).leader);
  EXPECT_FALSE(flight.Join(1, Log(log, "b")).leader);
  EXPECT_FALSE(flight.Join(1, Log(log, "c")).leader);
  EXPECT_EQ(flight.stats().in_flight, 1u);
  EXPECT_EQ(flight.stats().joined, 2u);
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(flight.Complete(1, Text("page")), 3u);
  EXPECT_EQ(log, (std::vector<std::string>{"a:page", "b:page", "c:page"}));
  EXPECT_EQ(flight.stats().in_flight, 0u);
}

TEST(SingleFlightTest, KeysDoNotMix) {
  Flight flight;
  std::vector<std::string> log;
  EXPECT_TRUE(flight.Join(1, Log(log, "a")).leader);
  EXPECT_TRUE(flight.Join(2, Log(log, "b")).leader);
  flight.Complete(2, Text("two"));
  EXPECT_EQ(log, std::vector<std::string>{"b:two"});
  EXPECT_EQ(flight.stats().in_flight, 1u);
  flight.Complete(1, Text("one"));
}

TEST(SingleFlightTest, FailuresReachEveryWaiter) {
  Flight flight;
  std::vector<std::string> log;
  flight.Join(1, Log(log, "a"));
  flight.Join(1, Log(log, "b"));
  flight.Complete(1, absl::DataLossError("broken"));
  EXPECT_EQ(log, (std::vector<std::string>{"a:DATA_LOSS", "b:DATA_LOSS"}));
}

TEST(SingleFlightTest, AfterTheEndTheNextLeadsAgain) {
  Flight flight;
  std::vector<std::string> log;
  flight.Join(1, Log(log, "a"));
  flight.Complete(1, Text("x"));
  EXPECT_EQ(flight.Complete(1, Text("y")), 0u);
  EXPECT_TRUE(flight.Join(1, Log(log, "b")).leader);
  flight.Complete(1, Text("z"));
  EXPECT_EQ(log, (std::vector<std::string>{"a:x", "b:z"}));
}

TEST(SingleFlightTest, AWaiterThatLeftIsNeverCalled) {
  Flight flight;
  std::vector<std::string> log;
  const auto a = flight.Join(1, Log(log, "a"));
  const auto b = flight.Join(1, Log(log, "b"));
  EXPECT_EQ(flight.Leave(1, a.id).result, LeaveResult::kLeft);
  EXPECT_EQ(flight.Leave(1, a.id).result, LeaveResult::kClaimed);
  flight.Complete(1, Text("x"));
  EXPECT_EQ(log, std::vector<std::string>{"b:x"});
  EXPECT_EQ(flight.Leave(1, b.id).result, LeaveResult::kClaimed);
}

TEST(SingleFlightTest, TheLastToLeaveLearnsWhatToCancel) {
  Flight flight;
  std::vector<std::string> log;
  const auto a = flight.Join(1, Log(log, "a"));
  EXPECT_EQ(flight.SetWork(1, a.id, 77), 1u);
  const auto b = flight.Join(1, Log(log, "b"));
  EXPECT_EQ(b.work, 77u);
  EXPECT_EQ(flight.Leave(1, a.id).result, LeaveResult::kLeft);
  const auto left = flight.Leave(1, b.id);
  EXPECT_EQ(left.result, LeaveResult::kLast);
  EXPECT_EQ(left.work, 77u);
  EXPECT_EQ(flight.stats().in_flight, 1u);  // the work's end is still to come
  EXPECT_EQ(flight.Complete(1, absl::CancelledError()), 0u);
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(flight.stats().in_flight, 0u);
}

TEST(SingleFlightTest, WhoeverJoinsAbandonedWorkGetsItsResult) {
  Flight flight;
  std::vector<std::string> log;
  const auto a = flight.Join(1, Log(log, "a"));
  flight.SetWork(1, a.id, 77);
  EXPECT_EQ(flight.Leave(1, a.id).result, LeaveResult::kLast);
  const auto b = flight.Join(1, Log(log, "b"));
  EXPECT_FALSE(b.leader);
  EXPECT_EQ(b.work, 77u);
  flight.Complete(1, Text("all the same"));
  EXPECT_EQ(log, std::vector<std::string>{"b:all the same"});
}

TEST(SingleFlightTest, ACancelledWaiterMayJoinAgainFromItsCallback) {
  Flight flight;
  std::vector<std::string> log;
  bool led_again = false;
  const auto a = flight.Join(1, Log(log, "a"));
  EXPECT_EQ(flight.Leave(1, a.id).result, LeaveResult::kLast);
  flight.Join(1, [&](const Flight::Result& result) {
    ASSERT_TRUE(absl::IsCancelled(result.status()));
    led_again = flight.Join(1, Log(log, "b again")).leader;
  });
  flight.Complete(1, absl::CancelledError());
  EXPECT_TRUE(led_again);
  flight.Complete(1, Text("x"));
  EXPECT_EQ(log, std::vector<std::string>{"b again:x"});
}

TEST(SingleFlightTest, SetWorkTellsTheLeaderThatAllLeft) {
  Flight flight;
  std::vector<std::string> log;
  const auto a = flight.Join(1, Log(log, "a"));
  const auto left = flight.Leave(1, a.id);
  EXPECT_EQ(left.result, LeaveResult::kLast);
  EXPECT_EQ(left.work, 0u);
  EXPECT_EQ(flight.SetWork(1, a.id, 77), 0u);
  flight.Complete(1, absl::CancelledError());
}

TEST(SingleFlightTest, SetWorkOfAnEndedFlightDoesNotTouchTheNext) {
  Flight flight;
  std::vector<std::string> log;
  const auto a = flight.Join(1, Log(log, "a"));
  flight.Complete(1, Text("x"));
  EXPECT_EQ(flight.SetWork(1, a.id, 77), std::nullopt);
  flight.Join(1, Log(log, "b"));
  EXPECT_EQ(flight.SetWork(1, a.id, 77), std::nullopt);
  EXPECT_EQ(flight.Join(1, Log(log, "c")).work, 0u);
  flight.Complete(1, Text("y"));
}

TEST(SingleFlightTest, LeaveFromACallbackIsTooLate) {
  Flight flight;
  Flight::Ticket b;
  LeaveResult seen = LeaveResult::kLast;
  bool b_called = false;
  flight.Join(1, [&](const Flight::Result&) { seen = flight.Leave(1, b.id).result; });
  b = flight.Join(1, [&](const Flight::Result&) { b_called = true; });
  flight.Complete(1, Text("x"));
  EXPECT_EQ(seen, LeaveResult::kClaimed);
  EXPECT_TRUE(b_called);
}

TEST(SingleFlightTest, ALeavingWaiterIsDestroyedOutsideTheLock) {
  Flight flight;
  size_t in_flight = 0;
  auto guard = std::shared_ptr<int>(new int(0), [&](int* p) {
    in_flight = flight.stats().in_flight;
    delete p;
  });
  const auto a = flight.Join(1, [guard](const Flight::Result&) {});
  guard.reset();
  EXPECT_EQ(flight.Leave(1, a.id).result, LeaveResult::kLast);
  EXPECT_EQ(in_flight, 1u);
  flight.Complete(1, Text("x"));
}

// Every join ends in exactly one call or one successful leave, and work never overlaps.
TEST(SingleFlightTest, ManyThreadsEachCalledOnceOrGone) {
  constexpr int kThreads = 4, kRounds = 20000, kKeys = 8;
  Flight flight;
  std::atomic<int> called{0}, left{0}, led{0}, completed{0};
  std::vector<std::atomic<int>> working(kKeys);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::minstd_rand random(t + 1);
      for (int round = 0; round < kRounds; ++round) {
        const int key = random() % kKeys;
        const auto ticket = flight.Join(key, [&](const Flight::Result&) { ++called; });
        if (ticket.leader) {
          ++led;
          EXPECT_EQ(++working[key], 1);
          flight.SetWork(key, ticket.id, ticket.id);
        }
        if (random() % 3 == 0) {
          if (flight.Leave(key, ticket.id).result != LeaveResult::kClaimed) ++left;
        }
        if (ticket.leader) {
          --working[key];
          flight.Complete(key, Text("x"));
          ++completed;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(called + left, kThreads * kRounds);
  EXPECT_EQ(led, completed);
  EXPECT_EQ(flight.stats().joined, static_cast<uint64_t>(kThreads * kRounds - led));
  EXPECT_EQ(flight.stats().in_flight, 0u);
}

}  // namespace
}  // namespace cbzfs
