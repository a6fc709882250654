// The pool, when a try fails: how the worker ended, the second try, and documents put aside.

#include <signal.h>

#include <string>
#include <vector>

#include "codecs/worker/triage.h"
#include "gmock/gmock.h"
#include "tests/codecs/worker/pool_fixture.h"

namespace cbzfs {
namespace {

using testing::HasSubstr;

struct Death {
  Evil deed;
  absl::StatusCode code;
  const char* text;
};

class DeathTest : public PoolTest, public testing::WithParamInterface<Death> {};

TEST_P(DeathTest, IsToldAsItWas) {
  StartPool();
  const absl::Status status = Draw(PlainSource(5), GetParam().deed).Wait().status();
  EXPECT_EQ(status.code(), GetParam().code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().text));
  EXPECT_EQ(pool_->stats().restarts, 2u);
  EXPECT_EQ(pool_->stats().failed, 1u);
  ExpectPoolWorks();
}

INSTANTIATE_TEST_SUITE_P(
    Deaths, DeathTest,
    testing::Values(
        Death{Evil::kCrash, absl::StatusCode::kInternal, "crashed (SIGSEGV)"},
        Death{Evil::kDiesOfAbort, absl::StatusCode::kInternal, "crashed (SIGABRT)"},
        Death{Evil::kDiesOfSys, absl::StatusCode::kInternal, "stopped by its sandbox (SIGSYS)"},
        Death{Evil::kDiesOfBus, absl::StatusCode::kUnavailable, "cut off while it was read"},
        Death{Evil::kDiesOfKill, absl::StatusCode::kUnavailable, "killed (SIGKILL)"},
        Death{Evil::kExits, absl::StatusCode::kUnavailable, "by itself with status 7"}));

TEST_F(PoolTest, DeathsAreCountedByCause) {
  StartPool();
  uint64_t key = 5;
  for (const Evil deed :
       {Evil::kCrash, Evil::kDiesOfAbort, Evil::kDiesOfSys, Evil::kDiesOfKill, Evil::kDiesOfBus}) {
    Draw(PlainSource(key++), deed).Wait();
  }
  const WorkerPoolStats stats = pool_->stats();
  EXPECT_EQ(stats.crashed, 4u);
  EXPECT_EQ(stats.sandboxed, 2u);
  EXPECT_EQ(stats.killed, 2u);
  EXPECT_EQ(stats.restarts, 10u);
  EXPECT_EQ(stats.recovered, 0u);
}

class RecoveryTest : public PoolTest, public testing::WithParamInterface<Evil> {};

TEST_P(RecoveryTest, TheSecondTryIsTheAnswer) {
  StartPool();
  Gate gate(100);
  const Sent<Drawn> drawing = Draw(gate.source(), Evil::kAsk);
  gate.WaitForWorker();
  gate.Tell(GetParam());
  gate.WaitForWorker();
  gate.Tell(Evil::kGood);
  EXPECT_TRUE(drawing.Wait().ok()) << drawing.Wait().status();
  EXPECT_EQ(pool_->stats().recovered, 1u);
  EXPECT_EQ(pool_->stats().failed, 0u);
  EXPECT_EQ(pool_->stats().put_aside, 0u);
}

INSTANTIATE_TEST_SUITE_P(Failures, RecoveryTest,
                         testing::Values(Evil::kCrash, Evil::kDiesOfKill, Evil::kExits,
                                         Evil::kHonestFailure, Evil::kMemoryEnded, Evil::kWrongId));

TEST_F(PoolTest, DifferentFailuresAreAnAccident) {
  StartPool();
  Gate gate(100);
  const Sent<Drawn> drawing = Draw(gate.source(), Evil::kAsk);
  gate.WaitForWorker();
  gate.Tell(Evil::kHonestFailure);
  gate.WaitForWorker();
  gate.Tell(Evil::kCrash);
  EXPECT_TRUE(absl::IsUnavailable(drawing.Wait().status())) << drawing.Wait().status();
  EXPECT_THAT(std::string(drawing.Wait().status().message()), HasSubstr("crashed (SIGSEGV)"));
}

TEST_F(PoolTest, AnAnsweredFailureIsTriedOnAnotherWorker) {
  options_.workers = 2;
  StartPool();
  WarmUp(2);
  Gate gate(100);
  const std::string has_it_open = Draw(gate.source(), Evil::kGood).Wait()->payload;
  const Sent<Drawn> drawing = Draw(gate.source(), Evil::kAsk);
  gate.WaitForWorker();
  gate.Tell(Evil::kHonestFailure);
  gate.WaitForWorker();
  gate.Tell(Evil::kGood);
  ASSERT_TRUE(drawing.Wait().ok());
  EXPECT_NE(drawing.Wait()->payload, has_it_open);
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

// Trying it means that nobody else draws: not again at each read.
TEST_F(PoolTest, WantOfAllTheMemoryIsRemembered) {
  StartPool();
  for (int i = 0; i < 2; ++i) {
    const absl::Status failure = Draw(PlainSource(5), Evil::kMemoryEnded).Wait().status();
    EXPECT_TRUE(absl::IsResourceExhausted(failure)) << failure;
    EXPECT_THAT(std::string(failure.message()), HasSubstr("-o memory="));
  }
  EXPECT_EQ(pool_->stats().failed, 1u);
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(PoolTest, DocumentThatCostsWorkersAtThreePlacesIsPutAside) {
  StartPool();
  const auto source = PlainSource(5);
  Gate other(100);
  const Sent<Drawn> busy = Draw(other.source(), Evil::kAsk);
  other.WaitForWorker();
  const std::vector<Sent<Drawn>> bad = {Draw(source, Evil::kCrash), Draw(source, Evil::kDiesOfBus),
                                        Draw(source, Evil::kExits)};
  const Sent<Drawn> waiting = Draw(source, Evil::kGood);
  other.Tell(Evil::kGood);
  EXPECT_TRUE(busy.Wait().ok());
  for (const Sent<Drawn>& one : bad) EXPECT_FALSE(one.Wait().ok());
  EXPECT_TRUE(absl::IsInternal(bad[0].Wait().status()));
  // The third strike leaves no second try, and takes what waits along.
  for (const Sent<Drawn>* one : {&bad[2], &waiting}) {
    EXPECT_TRUE(absl::IsUnavailable(one->Wait().status()));
    EXPECT_THAT(std::string(one->Wait().status().message()), HasSubstr("put aside until"));
  }
  const WorkerPoolStats before = pool_->stats();
  EXPECT_EQ(before.put_aside, 1u);
  EXPECT_EQ(before.restarts, 5u);
  EXPECT_TRUE(absl::IsUnavailable(Probe(source).Wait().status()));
  EXPECT_TRUE(absl::IsUnavailable(Analyse(source).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, before.restarts);
  EXPECT_EQ(pool_->stats().failed, before.failed);
  ExpectPoolWorks();
}

TEST_F(PoolTest, OneBadPageDoesNotPutItsDocumentAside) {
  StartPool();
  DrawRequest request = RequestFor(Evil::kCrash);
  for (const Finish finish : {Finish::kPage, Finish::kEnhanced, Finish::kThumbnail}) {
    request.finish = finish;
    EXPECT_TRUE(absl::IsInternal(Draw(PlainSource(5), request).Wait().status()));
  }
  EXPECT_EQ(pool_->stats().put_aside, 0u);
  EXPECT_TRUE(Draw(PlainSource(5), Evil::kGood).Wait().ok());
}

TEST_F(PoolTest, DocumentPutAsideComesBack) {
  options_.remember_failure = absl::Milliseconds(300);
  StartPool();
  const auto source = PlainSource(5);
  Draw(source, Evil::kCrash).Wait();
  Draw(source, Evil::kDiesOfBus).Wait();
  Draw(source, Evil::kExits).Wait();
  // Each try that comes too early fails at once.
  WaitUntil([&](const WorkerPoolStats&) { return Draw(source, Evil::kGood).Wait().ok(); });
  EXPECT_EQ(pool_->stats().put_aside, 0u);
}

TEST_F(PoolTest, DeathWithTheZygoteIsNoStrikeAndNoTry) {
  StartPool();
  for (uint32_t round = 0; round < Strikes::kPutAsideAt; ++round) {
    Gate gate(100);
    DrawRequest request = RequestFor(Evil::kAsk);
    const Sent<Drawn> drawing = Draw(gate.source(), request);
    for (int i = 0; i < 2; ++i) {
      gate.WaitForWorker();
      LetThePoolSettle();
      kill(ParentOf(pool_->pids().at(0)), SIGKILL);
    }
    gate.WaitForWorker();
    gate.Tell(Evil::kGood);
    EXPECT_TRUE(drawing.Wait().ok()) << drawing.Wait().status();
  }
  const WorkerPoolStats stats = pool_->stats();
  EXPECT_EQ(stats.put_aside, 0u);
  EXPECT_EQ(stats.recovered, 0u);
  EXPECT_EQ(stats.killed, 0u);
  EXPECT_EQ(stats.failed, 0u);
  EXPECT_EQ(stats.restarts, 2u * Strikes::kPutAsideAt);
}

}  // namespace
}  // namespace cbzfs
