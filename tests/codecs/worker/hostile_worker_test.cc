// The pool with workers that crash, hang and lie: each costs itself and at most its request.

#include <signal.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "codecs/worker/sanitized.h"
#include "codecs/worker/stderr_drain.h"
#include "gmock/gmock.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"
#include "tests/codecs/worker/pool_fixture.h"

namespace cbzfs {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

TEST_F(PoolTest, HangingWorkerIsKilledAtTheDeadline) {
  options_.draw_deadline = absl::Milliseconds(20);
  StartPool();
  const int hanging = pool_->pids().at(0);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Draw(PlainSource(5), Evil::kHang).Wait().status()));
  EXPECT_EQ(pool_->stats().timeouts, 2u);
  EXPECT_EQ(pool_->stats().restarts, 2u);
  EXPECT_EQ(pool_->stats().failed, 1u);
  WaitForEndOf(hanging);
  pool_.reset();
  options_.draw_deadline = absl::Seconds(60);
  StartPool();
  ExpectPoolWorks();
}

TEST_F(PoolTest, DeadlinesAreByKind) {
  options_.probe_deadline = absl::Milliseconds(20);
  options_.analyse_deadline = absl::Milliseconds(20);
  StartPool();
  const auto hang = PlainSource(static_cast<uint64_t>(Evil::kHang));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Probe(hang).Wait().status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Analyse(hang).Wait().status()));
  EXPECT_EQ(pool_->stats().timeouts, 4u);
  ExpectPoolWorks();
}

TEST_F(PoolTest, AnalysisThatKillsIsTriedAgainWithoutDrawing) {
  options_.analyse_deadline = absl::Milliseconds(50);
  StartPool();
  const auto source = PlainSource(static_cast<uint64_t>(Evil::kHangsUnlessSparing));
  const absl::StatusOr<Document> document = Analyse(source).Wait();
  EXPECT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(pool_->stats().timeouts, 1u);
}

TEST_F(PoolTest, RetriedOnce) {
  StartPool();
  Gate gate(100);
  const Sent<Drawn> lucky = Draw(gate.source(), Evil::kAsk);
  gate.WaitForWorker();
  gate.Tell(Evil::kCrash);
  gate.WaitForWorker();
  gate.Tell(Evil::kGood);
  EXPECT_TRUE(lucky.Wait().ok());
  EXPECT_EQ(pool_->stats().restarts, 1u);
  EXPECT_EQ(pool_->stats().failed, 0u);

  EXPECT_TRUE(absl::IsInternal(Draw(gate.source(), Evil::kCrash).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 3u);
  EXPECT_EQ(pool_->stats().failed, 1u);
  ExpectPoolWorks();
}

TEST_F(PoolTest, FailureIsRemembered) {
  StartPool();
  const auto source = PlainSource(5);
  const absl::Status failure = Draw(source, Evil::kCrash).Wait().status();
  EXPECT_EQ(pool_->stats().restarts, 2u);
  EXPECT_EQ(Draw(PlainSource(5), Evil::kCrash).Wait().status(), failure);
  EXPECT_EQ(pool_->stats().restarts, 2u);
  EXPECT_EQ(pool_->stats().failed, 1u);
  // Of this page of this version of this file only.
  EXPECT_TRUE(Draw(source, Evil::kGood).Wait().ok());
  EXPECT_FALSE(Draw(PlainSource(6), Evil::kCrash).Wait().ok());
  EXPECT_EQ(pool_->stats().restarts, 4u);
}

TEST_F(PoolTest, FailureIsForgottenInTime) {
  options_.remember_failure = absl::ZeroDuration();
  StartPool();
  EXPECT_FALSE(Draw(PlainSource(5), Evil::kCrash).Wait().ok());
  EXPECT_FALSE(Draw(PlainSource(5), Evil::kCrash).Wait().ok());
  EXPECT_EQ(pool_->stats().restarts, 4u);
}

TEST_F(PoolTest, HonestFailureIsPassedOnCleanAndCostsNoWorker) {
  StartPool();
  const absl::Status failure = Draw(PlainSource(5), Evil::kHonestFailure).Wait().status();
  EXPECT_TRUE(absl::IsDataLoss(failure));
  const std::string message(failure.message());
  EXPECT_EQ(message.substr(0, 20), "a bad??[31mpage ?xxx");
  EXPECT_EQ(message.size(), 300u);
  EXPECT_EQ(pool_->stats().restarts, 0u);
  EXPECT_EQ(pool_->stats().failed, 1u);
  EXPECT_EQ(Draw(PlainSource(5), Evil::kHonestFailure).Wait().status(), failure);
  EXPECT_EQ(pool_->stats().failed, 1u);  // remembered
}

class LyingWorkerTest : public PoolTest, public testing::WithParamInterface<Evil> {};

TEST_P(LyingWorkerTest, CostsItsLifeAndItsRequest) {
  StartPool();
  const absl::Status status = Draw(PlainSource(5), GetParam()).Wait().status();
  // An empty packet cannot be told from the end of file.
  EXPECT_EQ(status.code(), GetParam() == Evil::kEmpty ? absl::StatusCode::kUnavailable
                                                      : absl::StatusCode::kDataLoss)
      << status;
  EXPECT_EQ(pool_->stats().restarts, 2u);
  EXPECT_EQ(pool_->stats().failed, 1u);
  ExpectPoolWorks();
}

INSTANTIATE_TEST_SUITE_P(Lies, LyingWorkerTest,
                         testing::Values(Evil::kWrongId, Evil::kTooLong, Evil::kNothing,
                                         Evil::kGarbage, Evil::kEmpty, Evil::kHuge,
                                         Evil::kDescriptors, Evil::kKeepsMapping,
                                         Evil::kUnknownCode, Evil::kBadQuality));

// An entry is as long as the daemon has told the kernel, to the byte.
class LyingUnpackerTest : public PoolTest, public testing::WithParamInterface<Evil> {};

TEST_P(LyingUnpackerTest, CostsItsLifeAndItsRequest) {
  StartPool();
  const DrawRequest entry = {
      .page = static_cast<uint32_t>(GetParam()), .finish = Finish::kEntry, .entry_bytes = 1000};
  EXPECT_TRUE(absl::IsDataLoss(Draw(PlainSource(5), entry).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 2u);
  EXPECT_EQ(pool_->stats().failed, 1u);
  EXPECT_EQ(pool_->stats().entries, 0u);
  ExpectPoolWorks();
}

INSTANTIATE_TEST_SUITE_P(Lies, LyingUnpackerTest,
                         testing::Values(Evil::kOneByteLess, Evil::kOneByteMore, Evil::kNothing,
                                         Evil::kTooLong, Evil::kKeepsMapping, Evil::kBadQuality));

TEST_F(PoolTest, NotesArriveAsOnePrintableLine) {
  StartPool();
  const absl::StatusOr<Drawn> drawn = Draw(PlainSource(5), Evil::kNotes).Wait();
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(drawn->note.substr(0, 15), "damaged?[31m?xx");
  EXPECT_EQ(drawn->note.size(), 300u);
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(PoolTest, ImpossiblePageTableIsRefused) {
  StartPool();
  const auto source = PlainSource(0x500 + static_cast<uint64_t>(Evil::kBadDocument));
  EXPECT_TRUE(absl::IsDataLoss(Analyse(source).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 2u);
  analyse_.max_pages = 1;  // two come
  EXPECT_TRUE(absl::IsDataLoss(Analyse(PlainSource(0)).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 4u);
  ExpectPoolWorks();
}

TEST_F(PoolTest, ImpossiblePageCountIsRefused) {
  StartPool();
  const auto source = PlainSource(0x500 + static_cast<uint64_t>(Evil::kNoPages));
  EXPECT_TRUE(absl::IsDataLoss(Probe(source).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 2u);
}

TEST_F(PoolTest, WorkerThatSpeaksUnaskedIsReplaced) {
  StartPool();
  EXPECT_TRUE(Draw(PlainSource(5), Evil::kTwoReplies).Wait().ok());
  // The second reply meets an idle worker or the next request; either way this succeeds.
  ExpectPoolWorks();
  EXPECT_EQ(pool_->stats().restarts, 1u);
}

TEST_F(PoolTest, KilledWorkerInTheMiddleOfADraw) {
  StartPool();
  Gate gate(100);
  const Sent<Drawn> drawing = Draw(gate.source(), Evil::kAsk);
  gate.WaitForWorker();
  const std::vector<int> before = pool_->pids();
  ASSERT_THAT(before, SizeIs(1));
  kill(before[0], SIGKILL);
  gate.WaitForWorker();
  gate.Tell(Evil::kGood);
  EXPECT_TRUE(drawing.Wait().ok());
  EXPECT_EQ(pool_->stats().restarts, 1u);
  EXPECT_NE(pool_->pids(), before);
}

TEST_F(PoolTest, ZygoteKilled) {
  options_.workers = 3;
  StartPool();
  Gate a(100);
  Gate b(101);
  Gate c(102);
  const Sent<Drawn> idle = Draw(c.source(), Evil::kAsk);
  c.WaitForWorker();
  const Sent<Drawn> drawings[] = {Draw(a.source(), Evil::kAsk), Draw(b.source(), Evil::kAsk)};
  a.WaitForWorker();
  b.WaitForWorker();
  c.Tell(Evil::kGood);
  EXPECT_TRUE(idle.Wait().ok());
  const int zygote = ParentOf(pool_->pids().at(0));
  kill(zygote, SIGKILL);
  for (Gate* gate : {&a, &b}) {
    gate->WaitForWorker();
    gate->Tell(Evil::kGood);
  }
  for (const Sent<Drawn>& drawing : drawings) EXPECT_TRUE(drawing.Wait().ok());
  EXPECT_EQ(pool_->stats().restarts, 3u);
  EXPECT_EQ(pool_->stats().timeouts, 0u);  // they died with it, and did not have to be killed
  EXPECT_NE(ParentOf(pool_->pids().at(0)), zygote);
  ExpectPoolWorks();
}

#if !CBZFS_SANITIZED
TEST_F(PoolTest, WorkerCannotTakeMoreMemoryThanItWasGiven) {
  StartPool();
  EXPECT_FALSE(Draw(PlainSource(5), Evil::kGrows).Wait().ok());
  EXPECT_EQ(pool_->stats().restarts, 2u);
  ExpectPoolWorks();
}

TEST_F(PoolTest, WorkerThatGrewIsReplacedWhenItIsDone) {
  StartPool();
  const std::vector<int> before = pool_->pids();
  DrawRequest large = RequestFor(Evil::kGrows);  // it may have so much meanwhile
  large.row.width = large.row.height = 8000;
  EXPECT_TRUE(Draw(PlainSource(5), large).Wait().ok());
  WaitForEndOf(before.at(0));
  ExpectPoolWorks();
  EXPECT_NE(pool_->pids(), before);
  EXPECT_EQ(pool_->stats().restarts, 0u);  // nothing went wrong
}
#endif

TEST_F(PoolTest, FloodOfMessagesIsCut) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  StartPool();
  EXPECT_TRUE(Draw(PlainSource(5), Evil::kFloods).Wait().ok());
  pool_.reset();
  spdlog::set_default_logger(before);
  const std::string text = log.str();
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_GT(lines, 0);
  EXPECT_LE(lines, static_cast<int64_t>(StderrDrain::kBytesPerMinute / 25) + 2);
}

TEST_F(PoolTest, ProgramThatCannotBeStartedIsNamed) {
  for (const char* program : {"/nonexistent/cbzfs-worker", "/etc/passwd", "/etc"}) {
    options_.worker_program = program;
    const absl::Status status = WorkerPool::Start(options_).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(program));
  }
}

TEST_F(PoolTest, ProgramThatIsNoWorkerIsRefused) {
  for (const std::string& program :
       {std::string("/bin/true"), EvilProgram(kZygoteOfAnotherVersion),
        EvilProgram(kWorkerOfAnotherVersion), EvilProgram(kDiesBeforeHello)}) {
    options_.worker_program = program;
    const absl::Status status = WorkerPool::Start(options_).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << program << ": " << status;
  }
}

TEST_F(PoolTest, RequestsFailWhenNoWorkerStaysAlive) {
  options_.worker_program = EvilProgram(kDiesAfterHello);
  StartPool();
  EXPECT_TRUE(absl::IsUnavailable(Draw(PlainSource(0), Evil::kGood).Wait().status()));
}

}  // namespace
}  // namespace cbzfs
