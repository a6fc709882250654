// Who may have how much memory, and who has to give way.

#include "codecs/worker/memory_account.h"

#include <unistd.h>

#include "codecs/worker/memory_keeper.h"
#include "codecs/worker/sanitized.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kMiB = 1'048'578;   // nearly, and a third of it is whole
constexpr pid_t kNobody = 0x7fffffff;  // over pid_max: no process

class Keeper final : public MemoryKeeper {
 public:
  uint64_t Fit(uint64_t room) override {
    room_ = room;
    return pinned_;
  }
  absl::Status MayTake(uint64_t) override { return absl::OkStatus(); }
  bool Pressed() override { return pressed_; }

  uint64_t room_ = 0;
  uint64_t pinned_ = 0;
  bool pressed_ = false;
};

class MemoryAccountTest : public testing::Test {
 protected:
  // An entry takes three times its size and nothing else.
  static Job Drawing(uint64_t mebibytes, Priority priority = Priority::kReader) {
    Job job;
    job.kind = Job::Kind::kDraw;
    job.priority = priority;
    job.draw.finish = Finish::kEntry;
    job.draw.entry_bytes = mebibytes * kMiB / 3;
    return job;
  }
  static Job Analysis(Priority priority = Priority::kStat) {
    Job job;
    job.kind = Job::Kind::kAnalyse;
    job.priority = priority;
    return job;
  }

  Keeper keeper_;
  WorkerPoolOptions options_{.memory_bytes = 100 * kMiB};
  MemoryAccount account_{options_, &keeper_};
};

TEST_F(MemoryAccountTest, WhatFitsStartsAndPagesHaveTheRest) {
  ASSERT_TRUE(account_.Fits(Drawing(60)));
  account_.Begin(Drawing(60), 1, kNobody);
  EXPECT_EQ(account_.given(), 60 * kMiB);
  EXPECT_EQ(keeper_.room_, 40 * kMiB);
  EXPECT_FALSE(account_.Fits(Drawing(41)));
  ASSERT_TRUE(account_.Fits(Drawing(40)));
  account_.Begin(Drawing(40), 2, kNobody);
  EXPECT_EQ(keeper_.room_, 0u);
  account_.End(1);
  EXPECT_EQ(account_.given(), 40 * kMiB);
  EXPECT_EQ(keeper_.room_, 60 * kMiB);
  account_.End(2);
  account_.End(2);  // harmless
  EXPECT_EQ(keeper_.room_, 100 * kMiB);
}

TEST_F(MemoryAccountTest, PagesThatAreBeingSentCannotMakeRoom) {
  account_.Begin(Drawing(50), 1, kNobody);
  keeper_.pinned_ = 21 * kMiB;
  EXPECT_FALSE(account_.Fits(Drawing(30)));
  EXPECT_TRUE(account_.Fits(Drawing(29)));
  account_.End(1);
  EXPECT_TRUE(account_.Fits(Drawing(90))) << "alone it never waits, or nobody would ever wake it";
}

TEST_F(MemoryAccountTest, WhatIsLargerThanAllRunsAloneAndIsGivenAll) {
  EXPECT_TRUE(account_.Fits(Drawing(300)));
  account_.Begin(Drawing(300), 1, kNobody);
  EXPECT_EQ(account_.given(), 100 * kMiB);
  EXPECT_FALSE(account_.Fits(Drawing(1)));
  EXPECT_FALSE(account_.HasMoreFor(Drawing(300)));
}

TEST_F(MemoryAccountTest, AloneItHasWhatOtherWorkersWouldHaveTaken) {
  options_.alone_bytes = 120 * kMiB;
  MemoryAccount account(options_, &keeper_);
  account.SetIdle(1, kMiB);
  account.SetIdle(2, kMiB);
  Job job = Drawing(300);
  EXPECT_TRUE(account.HasMoreFor(job));
  job.wants_all_memory = true;
  ASSERT_TRUE(account.Fits(job));
  EXPECT_THAT(account.InTheWay(job, 1), ElementsAre(2));
  account.Begin(job, 1, kNobody);
  EXPECT_EQ(account.given(), 120 * kMiB);
  EXPECT_EQ(keeper_.room_, 0u);
  EXPECT_FALSE(account.Fits(Drawing(1)));
}

TEST_F(MemoryAccountTest, ASecondTryHasAllAlone) {
  Job job = Drawing(10);
  EXPECT_TRUE(account_.HasMoreFor(job));
  job.wants_all_memory = true;
  EXPECT_FALSE(account_.HasMoreFor(job));
  account_.Begin(Drawing(1), 1, kNobody);
  EXPECT_FALSE(account_.Fits(job));
  account_.End(1);
  ASSERT_TRUE(account_.Fits(job));
  account_.Begin(job, 1, kNobody);
  EXPECT_EQ(account_.given(), 100 * kMiB);
  EXPECT_THAT(std::string(account_.RefusalOf(absl::ResourceExhaustedError("why")).message()),
              testing::AllOf(HasSubstr("100 MiB"), HasSubstr("memory="), HasSubstr("why")));
}

TEST_F(MemoryAccountTest, OneAnalysisNeverWaitsForDrawings) {
  account_.Begin(Drawing(100), 1, kNobody);
  EXPECT_FALSE(account_.Fits(Analysis(Priority::kBackground)));
  ASSERT_TRUE(account_.Fits(Analysis()));
  account_.Begin(Analysis(), 2, kNobody);
  EXPECT_EQ(account_.given(), 100 * kMiB) << "the reserve is no part of the budget";
  EXPECT_FALSE(account_.Fits(Analysis())) << "there is one reserve";
  account_.End(2);
  EXPECT_TRUE(account_.Fits(Analysis()));
}

TEST_F(MemoryAccountTest, AnalysesDoNotTakeWhatADrawingWaitsFor) {
  account_.Begin(Drawing(60), 1, kNobody);
  EXPECT_FALSE(account_.Fits(Drawing(50)));
  ASSERT_TRUE(account_.Fits(Analysis()));
  account_.Begin(Analysis(), 2, kNobody);
  EXPECT_EQ(account_.given(), 60 * kMiB);
  EXPECT_FALSE(account_.Fits(Analysis()));
  account_.KeepOnly([](uint64_t) { return true; });  // the next round
  EXPECT_TRUE(account_.Fits(Analysis()));
}

TEST_F(MemoryAccountTest, UnderPressureOneDrawingAtATime) {
  keeper_.pressed_ = true;
  ASSERT_TRUE(account_.Fits(Drawing(10)));
  account_.Begin(Drawing(10), 1, kNobody);
  EXPECT_FALSE(account_.Fits(Drawing(10)));
  EXPECT_TRUE(account_.Fits(Analysis()));
  keeper_.pressed_ = false;
  EXPECT_TRUE(account_.Fits(Drawing(10)));
}

TEST_F(MemoryAccountTest, IdleWorkersCountAndGiveWay) {
  EXPECT_THAT(account_.SetIdle(1, 10 * kMiB), IsEmpty());
  EXPECT_THAT(account_.SetIdle(2, 5 * kMiB), IsEmpty());
  EXPECT_EQ(keeper_.room_, 85 * kMiB);
  EXPECT_THAT(account_.SetIdle(3, 12 * kMiB), ElementsAre(3)) << "over a quarter together";
  EXPECT_EQ(account_.idle(), 15 * kMiB);
  EXPECT_THAT(account_.InTheWay(Drawing(85), 7), IsEmpty());
  EXPECT_THAT(account_.InTheWay(Drawing(86), 7), ElementsAre(1));
  EXPECT_THAT(account_.InTheWay(Drawing(96), 7), ElementsAre(1, 2));
  EXPECT_THAT(account_.InTheWay(Drawing(95), 1), IsEmpty()) << "its own heap is used again";
  account_.Begin(Drawing(6), 1, kNobody);
  EXPECT_EQ(account_.given(), 10 * kMiB) << "what it holds already, if that is more";
  EXPECT_EQ(account_.idle(), 5 * kMiB);
  account_.KeepOnly([](uint64_t worker) { return worker != 2; });
  EXPECT_EQ(account_.idle(), 0u);
  EXPECT_THAT(account_.SetIdle(4, kMiB), IsEmpty());
  EXPECT_THAT(account_.TakeIdle(), ElementsAre(4));
  EXPECT_EQ(account_.idle(), 0u);
}

TEST_F(MemoryAccountTest, AnAnalysisHasAllThatItsSizesTakeWhateverTheBudget) {
  Job analysis;
  analysis.kind = Job::Kind::kAnalyse;
  EXPECT_TRUE(account_.HasMoreFor(analysis));
  analysis.wants_all_memory = true;
  EXPECT_FALSE(account_.HasMoreFor(analysis));
  EXPECT_TRUE(account_.Fits(analysis));
  account_.Begin(analysis, 1, kNobody);
  EXPECT_EQ(account_.given(), MemoryAccount::kLeastForAnalysis);
  EXPECT_FALSE(account_.Fits(Drawing(1)));
}

#if !CBZFS_SANITIZED
TEST_F(MemoryAccountTest, AWorkerIsHeldToWhatItWasGiven) {
  const uint64_t small = account_.Begin(Drawing(10), 1, getpid());
  account_.End(1);
  const uint64_t large = account_.Begin(Drawing(50), 1, getpid());
  EXPECT_EQ(large - small, 40 * kMiB);
  EXPECT_GT(small, 10 * kMiB);
  account_.End(1);
  EXPECT_EQ(account_.Begin(Drawing(10), 2, kNobody), 0u) << "what it has is not known";
}
#endif

}  // namespace
}  // namespace cbzfs
