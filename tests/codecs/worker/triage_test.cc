#include "codecs/worker/triage.h"

#include <signal.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"

namespace cbzfs {
namespace {

class TriageTest : public ::testing::Test {
 protected:
  static Job PageOf(uint64_t key, uint32_t page) {
    Job job;
    job.kind = Job::Kind::kDraw;
    job.source = std::make_shared<SourceFile>(-1, 1, key);
    job.draw.page = page;
    return job;
  }
  std::optional<absl::Status> Fail(Job* job, const FailedTry& failed) {
    return triage_.OnFailure(job, failed, 4711, now_);
  }
  bool Suspects(uint64_t key) const { return triage_.IsSuspect(key, now_); }

  Triage triage_{absl::Minutes(10)};
  const MonotonicTime now_ = MonotonicNow();
  const FailedTry crash_ = FailedTry::Died(SIGSEGV);
  const FailedTry killed_ = FailedTry::Died(SIGKILL);
  const FailedTry answer_ = FailedTry::Answered(absl::DataLossError("bad"));
  const FailedTry exhausted_ = FailedTry::Answered(absl::ResourceExhaustedError("memory ended"));
};

TEST_F(TriageTest, EveryFailureIsTriedAgainAndTheSecondIsFinal) {
  for (const FailedTry& failed : {crash_, killed_, answer_, exhausted_}) {
    Job job = PageOf(static_cast<uint64_t>(failed.number), 0);
    EXPECT_FALSE(Fail(&job, failed).has_value());
    EXPECT_TRUE(Fail(&job, failed).has_value());
  }
}

TEST_F(TriageTest, RemembersWhatCostWorkersAndWhatLiesInThePage) {
  uint64_t key = 0;
  for (const FailedTry& failed : {crash_, killed_, answer_, exhausted_}) {
    Job job = PageOf(++key, 0);
    EXPECT_TRUE(triage_.Recall(job, now_).ok());
    Fail(&job, failed);
    EXPECT_TRUE(triage_.Recall(job, now_).ok());
    Fail(&job, failed);
    // More memory may be free the next time, and finding out costs no worker.
    EXPECT_EQ(triage_.Recall(job, now_).ok(), absl::IsResourceExhausted(failed.status));
  }
}

TEST_F(TriageTest, WhatIsKnownOfThePageSaysMoreThanThatTheDocumentIsPutAside) {
  Job first = PageOf(1, 0);
  Fail(&first, crash_);
  Fail(&first, crash_);
  Job second = PageOf(1, 1);
  Fail(&second, crash_);
  Job third = PageOf(1, 2);
  const auto aside = Fail(&third, crash_);
  ASSERT_TRUE(aside.has_value()) << "no second try for a document that is put aside";
  EXPECT_EQ(*aside, triage_.PutAside(1, now_));
  EXPECT_EQ(triage_.Recall(PageOf(1, 9), now_), *aside);
  EXPECT_TRUE(absl::IsInternal(triage_.Recall(first, now_)));
}

TEST_F(TriageTest, ASingleKillIsNobodysFault) {
  Job job = PageOf(1, 0);
  Fail(&job, killed_);
  EXPECT_FALSE(Suspects(1));
  Fail(&job, killed_);
  EXPECT_TRUE(Suspects(1));
  Job mixed = PageOf(2, 0);
  Fail(&mixed, answer_);
  Fail(&mixed, killed_);
  EXPECT_FALSE(Suspects(2));
}

TEST_F(TriageTest, AnAnswerIsNoReasonToSuspectADocument) {
  for (uint32_t page = 0; page < 5; ++page) {
    Job job = PageOf(1, page);
    Fail(&job, answer_);
    Fail(&job, answer_);
  }
  EXPECT_FALSE(Suspects(1));
}

TEST_F(TriageTest, TheZygotesEndIsNoFailureButIsNotWaitedOutForEver) {
  Job job = PageOf(1, 0);
  for (int i = 1; i < Triage::kMaxLostWithZygote; ++i) {
    EXPECT_FALSE(triage_.OnLostWithZygote(&job).has_value());
  }
  EXPECT_FALSE(job.failed.has_value());
  EXPECT_FALSE(Suspects(1));
  const auto failure = triage_.OnLostWithZygote(&job);
  ASSERT_TRUE(failure.has_value());
  EXPECT_TRUE(absl::IsUnavailable(*failure));
}

TEST_F(TriageTest, CountsByCause) {
  for (const FailedTry& failed :
       {crash_, killed_, answer_, FailedTry::Died(SIGSYS), FailedTry::Died(SIGABRT),
        FailedTry::Timeout(absl::Seconds(1)), FailedTry::Died(0)}) {
    Job job = PageOf(0, 0);
    Fail(&job, failed);
    triage_.OnSuccess(job);
  }
  triage_.OnSuccess(PageOf(0, 1));
  WorkerPoolStats stats;
  triage_.AddTo(&stats, now_);
  EXPECT_EQ(stats.crashed, 2u);
  EXPECT_EQ(stats.sandboxed, 1u);
  EXPECT_EQ(stats.killed, 1u);
  EXPECT_EQ(stats.timeouts, 1u);
  EXPECT_EQ(stats.recovered, 7u);
  EXPECT_EQ(stats.put_aside, 0u);
}

TEST_F(TriageTest, ADocumentThatTakesAHundredWorkersMakesFewLines) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  for (uint32_t page = 0; page < 100; ++page) {
    Job job = PageOf(1, page);
    Fail(&job, page % 2 == 0 ? crash_ : FailedTry::Timeout(absl::Seconds(1)));
  }
  Job other = PageOf(2, 6);
  Fail(&other, crash_);
  Fail(&other, answer_);
  spdlog::set_default_logger(before);
  const std::string text = log.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  EXPECT_NE(text.find("worker 4711 was lost at page 7 of document 0000000000000002: the worker "
                      "crashed (SIGSEGV)"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace cbzfs
