#include "cache/store/second_level.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "cache/store/breaker.h"
#include "tests/cache/store/fake_backend.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

StoreKey Key(uint8_t number) { return {number}; }

class SecondLevelTest : public ::testing::Test {
 protected:
  SecondLevelTest() {
    options_.patience = absl::Minutes(10);
    options_.tell = [this](bool warning, const std::string& message) {
      absl::MutexLock lock(&mu_);
      told_.push_back((warning ? "W " : "I ") + message);
    };
  }

  void Start() {
    store_ = std::make_unique<SecondLevel>(std::make_unique<FakeBackend>(medium_), options_);
  }

  std::optional<std::string> Get(uint8_t number) {
    std::optional<std::string> got;
    absl::Notification answered;
    store_->Get(Key(number), [&](std::optional<std::string> value) {
      got = std::move(value);
      answered.Notify();
    });
    answered.WaitForNotification();
    return got;
  }

  // The queue of writes is empty, and the last of them done.
  void AwaitWrites(uint64_t done) {
    while (true) {
      const SecondLevelStats stats = store_->stats();
      if (stats.kept + stats.unkept + stats.failed >= done) return;
      std::this_thread::yield();
    }
  }

  std::vector<std::string> Told() {
    absl::MutexLock lock(&mu_);
    return told_;
  }

  const std::shared_ptr<FakeMedium> medium_ = std::make_shared<FakeMedium>();
  SecondLevelOptions options_;
  absl::Mutex mu_;
  std::vector<std::string> told_;
  std::unique_ptr<SecondLevel> store_;
};

TEST_F(SecondLevelTest, WhatIsPutCanBeHad) {
  Start();
  EXPECT_EQ(Get(1), std::nullopt);
  store_->Put(Key(1), "page");
  AwaitWrites(1);
  EXPECT_THAT(Get(1), Optional(std::string("page")));
  store_->Remove(Key(1));
  while (!medium_->Values().empty()) std::this_thread::yield();
  EXPECT_EQ(Get(1), std::nullopt);
  const SecondLevelStats stats = store_->stats();
  EXPECT_EQ(stats.hits, 1u);
  EXPECT_EQ(stats.misses, 2u);
  EXPECT_EQ(stats.kept, 1u);
  EXPECT_EQ(stats.damaged, 1u);
  EXPECT_EQ(stats.waiting_bytes, 0u);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(SecondLevelTest, NobodyWaitsForLongerThanThePatience) {
  options_.patience = absl::Milliseconds(20);
  options_.first_pause = absl::Hours(1);
  Start();
  medium_->Hang(true);
  for (int i = 0; i < options_.failures; ++i) EXPECT_EQ(Get(1), std::nullopt);
  EXPECT_EQ(store_->stats().late, 3u);
  // From now on it is not even asked.
  EXPECT_FALSE(store_->stats().reading);
  EXPECT_EQ(Get(1), std::nullopt);
  EXPECT_EQ(store_->stats().skipped, 1u);
  EXPECT_EQ(medium_->Asked(), 3);
  EXPECT_THAT(Told(), ElementsAre(HasSubstr("no answer in time; pages are made without it")));
  medium_->Hang(false);
}

// The breaker opens and says so just when the answer comes after all.
TEST_F(SecondLevelTest, AnAnswerThatComesWhileTheDelayIsToldIsTheOnlyOne) {
  options_.patience = absl::Milliseconds(20);
  options_.failures = 1;
  absl::Notification answered;
  options_.tell = [&](bool warning, const std::string&) {
    if (!warning) return;
    medium_->Hang(false);
    answered.WaitForNotification();
  };
  medium_->Hang(true);
  store_ = std::make_unique<SecondLevel>(std::make_unique<FakeBackend>(medium_), options_);
  std::atomic<int> answers = 0;
  store_->Get(Key(1), [&](std::optional<std::string>) {
    ++answers;
    answered.Notify();
  });
  answered.WaitForNotification();
  store_->Stop();
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(store_->stats().late, 1u);
}

TEST_F(SecondLevelTest, AFullQueueIsNotWaitedFor) {
  options_.most_gets = 2;
  options_.most_put_bytes = 10;
  options_.threads = 1;
  Start();
  medium_->Hang(true);
  int answered = 0;
  for (uint8_t i = 0; i < 2; ++i) {
    store_->Get(Key(i), [&](std::optional<std::string>) { ++answered; });
  }
  EXPECT_EQ(Get(7), std::nullopt);
  store_->Put(Key(1), std::string(8, 'a'));
  store_->Put(Key(2), std::string(8, 'b'));
  EXPECT_EQ(store_->stats().unkept, 1u);
  EXPECT_EQ(store_->stats().waiting_bytes, 8u);
  medium_->Hang(false);
  AwaitWrites(2);
  EXPECT_THAT(medium_->Values(), ElementsAre(std::pair(Key(1), std::string(8, 'a'))));
  store_->Put(Key(2), std::string(8, 'b'));
  AwaitWrites(3);
  EXPECT_EQ(medium_->Values().size(), 2u);
  store_->Stop();
  EXPECT_EQ(answered, 2);
}

TEST_F(SecondLevelTest, ReadersGoBeforeWrites) {
  options_.threads = 1;
  Start();
  medium_->Hang(true);
  store_->Put(Key(0), "first");  // at the backend
  medium_->AwaitWaiting(1);
  store_->Put(Key(1), "page");
  absl::Notification missed;
  store_->Get(Key(1), [&](std::optional<std::string> value) {
    EXPECT_EQ(value, std::nullopt);  // the page before it in the queue is not kept yet
    missed.Notify();
  });
  medium_->Hang(false);
  missed.WaitForNotification();
  AwaitWrites(2);
}

TEST_F(SecondLevelTest, WhatIsAskedOfOneKeyHappensInItsOrder) {
  options_.threads = 2;
  Start();
  medium_->Hang(true);
  store_->Remove(Key(1));
  store_->Put(Key(1), "new");
  store_->Put(Key(2), "other");
  medium_->AwaitWaiting(2);
  EXPECT_THAT(medium_->Keys(), ElementsAre(Key(1), Key(2)));
  medium_->Hang(false);
  while (medium_->Values().size() < 2) std::this_thread::yield();
  EXPECT_EQ(medium_->Values()[Key(1)], "new");
}

TEST_F(SecondLevelTest, ADiskThatIsFullCanStillBeRead) {
  options_.threads = 1;
  options_.first_pause = absl::Hours(1);
  Start();
  store_->Put(Key(1), "page");
  AwaitWrites(1);
  medium_->Fail(absl::ResourceExhaustedError("no space left"));
  for (uint8_t i = 2; i < 7; ++i) store_->Put(Key(i), "page");
  AwaitWrites(6);
  medium_->Fail(absl::OkStatus());
  const SecondLevelStats stats = store_->stats();
  EXPECT_FALSE(stats.writing);
  EXPECT_TRUE(stats.reading);
  EXPECT_EQ(stats.trouble, "no space left");
  EXPECT_EQ(stats.failed, 3u);
  EXPECT_EQ(stats.unkept, 2u);
  EXPECT_THAT(Get(1), Optional(std::string("page")));
  EXPECT_THAT(Told(), ElementsAre(HasSubstr("no space left; pages are not kept there for now")));
}

TEST_F(SecondLevelTest, ItIsUsedAgainOnceItWorks) {
  options_.first_pause = absl::Microseconds(1);
  Start();
  store_->Put(Key(1), "page");
  AwaitWrites(1);
  medium_->Fail(absl::UnavailableError("gone"));
  for (int i = 0; i < options_.failures; ++i) EXPECT_EQ(Get(1), std::nullopt);
  EXPECT_FALSE(store_->stats().reading);
  medium_->Fail(absl::OkStatus());
  EXPECT_THAT(Get(1), Optional(std::string("page")));
  EXPECT_TRUE(store_->stats().reading);
  EXPECT_EQ(store_->stats().trouble, "");
  EXPECT_THAT(Told(),
              ElementsAre(HasSubstr("W the page store: gone"), HasSubstr("can be read again")));
}

TEST_F(SecondLevelTest, StoppingAnswersEverybodyAndWaitsForNoBackendThatHangs) {
  options_.end_wait = absl::Milliseconds(1);
  Start();
  medium_->Hang(true);
  int empty = 0;
  for (uint8_t i = 0; i < 20; ++i) {
    store_->Get(Key(i), [&](std::optional<std::string> value) { empty += value ? 0 : 1; });
  }
  store_->Put(Key(1), "page");
  store_->Stop();
  EXPECT_EQ(empty, 20);
  EXPECT_EQ(Get(1), std::nullopt);  // from inside
  store_.reset();
  medium_->Hang(false);  // its threads end by themselves, and touch nothing that is gone
}

TEST_F(SecondLevelTest, ManyAtOnce) {
  Start();
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto number = static_cast<uint8_t>((i + t) % 50);
        store_->Put(Key(number), std::string(1, static_cast<char>('a' + number % 26)));
        const auto got = Get(number);
        if (got && *got != std::string(1, static_cast<char>('a' + number % 26))) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(store_->stats().hits + store_->stats().misses + store_->stats().skipped, 800u);
}

TEST(BreakerTest, OpensAfterFailuresInARowAndTriesAgainEverLater) {
  Breaker breaker(3, absl::Seconds(1), absl::Seconds(3));
  absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_FALSE(breaker.Failed(now));
  EXPECT_FALSE(breaker.Failed(now));
  EXPECT_FALSE(breaker.Succeeded());
  EXPECT_FALSE(breaker.Failed(now));
  EXPECT_FALSE(breaker.Failed(now));
  EXPECT_TRUE(breaker.Failed(now));
  EXPECT_FALSE(breaker.Allow(now));
  for (const int pause : {1, 2, 3, 3}) {
    EXPECT_FALSE(breaker.Allow(now + absl::Seconds(pause) - absl::Milliseconds(1)));
    now += absl::Seconds(pause);
    EXPECT_TRUE(breaker.Allow(now));
    EXPECT_FALSE(breaker.Allow(now));  // one at a time
    EXPECT_FALSE(breaker.Failed(now));
  }
  EXPECT_FALSE(breaker.closed());
  EXPECT_TRUE(breaker.Allow(now + absl::Seconds(3)));
  EXPECT_TRUE(breaker.Succeeded());
  EXPECT_TRUE(breaker.Allow(now));
}

TEST(BreakerTest, WhatWasAskedBeforeItOpenedSaysNothingNew) {
  Breaker breaker(1, absl::Seconds(1), absl::Seconds(8));
  const absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_TRUE(breaker.Failed(now));
  EXPECT_FALSE(breaker.Failed(now));
  EXPECT_FALSE(breaker.Failed(now));
  EXPECT_TRUE(breaker.Allow(now + absl::Seconds(1)));
}

}  // namespace
}  // namespace cbzfs
