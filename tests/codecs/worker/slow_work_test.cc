// The pool, when work takes long: it gives way to the rest.

#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "codecs/worker/job.h"
#include "gmock/gmock.h"
#include "tests/codecs/worker/pool_fixture.h"

namespace cbzfs {
namespace {

class SlowWorkTest : public PoolTest {
 protected:
  SlowWorkTest() {
    // No deadline ends anything here.
    options_.draw_deadline = options_.analyse_deadline = options_.probe_deadline = absl::Hours(1);
    options_.slow_after = absl::Milliseconds(30);
  }
  void WaitForSlow(uint32_t count) {
    WaitUntil([count](const WorkerPoolStats& stats) { return stats.slow == count; });
  }
  void WaitForPreempted(uint64_t count) {
    WaitUntil([count](const WorkerPoolStats& stats) { return stats.preempted == count; });
  }
  // What the pool reserves for it.
  static uint64_t NeedOf(const DrawRequest& request) {
    Job job;
    job.kind = Job::Kind::kDraw;
    job.draw = request;
    return job.MemoryNeed();
  }
  static int NiceOf(int pid) { return getpriority(PRIO_PROCESS, static_cast<id_t>(pid)); }
};

TEST_F(SlowWorkTest, TenHangingBooksDoNotKeepAGoodOneFromBeingRead) {
  options_.workers = 2;
  StartPool();
  std::vector<Sent<Drawn>> bad;
  for (uint64_t key = 100; key < 110; ++key) {
    bad.push_back(Draw(PlainSource(key), Evil::kHang));
    bad.push_back(Draw(PlainSource(key), Evil::kHang));
  }
  for (int page = 0; page < 20; ++page) {
    EXPECT_TRUE(Draw(PlainSource(5), Evil::kGood).Wait().ok());
    EXPECT_LE(pool_->pids().size(), 2u + 1 + 2);
  }
  for (const Sent<Drawn>& one : bad) EXPECT_FALSE(one.outcome->done());
  // In the end all of them have been taken for what they are.
  WaitUntil([](const WorkerPoolStats& now) { return now.slow == 2 && now.waiting == 18; });
  const WorkerPoolStats stats = pool_->stats();
  EXPECT_EQ(stats.running, 2u);
  EXPECT_GE(stats.preempted, 9u);
  EXPECT_EQ(stats.timeouts + stats.restarts + stats.failed, 0u);
}

TEST_F(SlowWorkTest, AnalysesThatHangDoNotKeepAStatWaiting) {
  StartPool();
  std::vector<Sent<Document>> bad;
  for (uint64_t i = 1; i <= 10; ++i) {
    bad.push_back(Analyse(PlainSource(0x100 * i + static_cast<uint64_t>(Evil::kHang))));
  }
  EXPECT_TRUE(Analyse(PlainSource(0)).Wait().ok());
  EXPECT_TRUE(Probe(PlainSource(0)).Wait().ok());
  for (const Sent<Document>& one : bad) EXPECT_FALSE(one.outcome->done());
}

TEST_F(SlowWorkTest, SlowWorkGivesUpItsPlaceAndGoesOnNicer) {
  StartPool();
  Gate gate(100);
  const Sent<Drawn> slow = Draw(gate.source(), Evil::kAsk);
  gate.WaitForWorker();
  WaitForSlow(1);
  const std::vector<int> before = pool_->pids();
  ASSERT_EQ(before.size(), 1u);
  EXPECT_EQ(NiceOf(before[0]), std::min(NiceOf(0) + 10, 19));
  const absl::StatusOr<Drawn> good = Draw(PlainSource(0), Evil::kGood).Wait();
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(NiceOf(std::stoi(good->payload)), NiceOf(0));
  EXPECT_FALSE(slow.outcome->done());
  gate.Tell(Evil::kGood);
  ASSERT_TRUE(slow.Wait().ok());
  EXPECT_EQ(slow.Wait()->payload, std::to_string(before[0]));
  // It can never be quick again.
  WaitForEndOf(before[0]);
  EXPECT_EQ(pool_->stats().slow, 0u);
  EXPECT_EQ(pool_->stats().restarts + pool_->stats().preempted, 0u);
}

TEST_F(SlowWorkTest, SlowWorkWithoutAPlaceIsTakenOffAndStartsAnewWithoutBlame) {
  options_.slow_workers = 1;
  StartPool();
  Gate a(100);
  Gate b(101);
  const Sent<Drawn> first = Draw(a.source(), Evil::kAsk);
  a.WaitForWorker();
  WaitForSlow(1);
  const Sent<Drawn> second = Draw(b.source(), Evil::kAsk);
  b.WaitForWorker();
  WaitForPreempted(1);
  EXPECT_EQ(pool_->stats().running, 1u);
  EXPECT_EQ(pool_->stats().waiting, 1u);
  ExpectPoolWorks();
  a.Tell(Evil::kGood);
  EXPECT_TRUE(first.Wait().ok());
  b.WaitForWorker();
  b.Tell(Evil::kGood);
  EXPECT_TRUE(second.Wait().ok());
  const WorkerPoolStats stats = pool_->stats();
  EXPECT_EQ(stats.preempted, 1u);
  EXPECT_EQ(stats.restarts + stats.recovered + stats.failed, 0u);
}

TEST_F(SlowWorkTest, OneDocumentDoesNotKeepTwoPlacesWhenAnotherWantsOne) {
  options_.workers = 2;
  // Long enough for both to have a worker before the first is slow: from then on the document would
  // have one at a time.
  options_.slow_after = absl::Seconds(1);
  StartPool();
  Gate a(100);
  Gate b(100);
  Gate c(101);
  const Sent<Drawn> first = Draw(a.source(), Evil::kAsk);
  const Sent<Drawn> second = Draw(b.source(), Evil::kAsk);
  a.WaitForWorker();
  b.WaitForWorker();
  WaitForSlow(2);
  const Sent<Drawn> third = Draw(c.source(), Evil::kAsk);
  c.WaitForWorker();
  WaitForPreempted(1);
  c.Tell(Evil::kGood);
  EXPECT_TRUE(third.Wait().ok());
  // Whichever of the two was taken off begins again when the other is done.
  for (int i = 0; i < 2; ++i) {
    a.Tell(Evil::kGood);
    b.Tell(Evil::kGood);
  }
  EXPECT_TRUE(first.Wait().ok());
  EXPECT_TRUE(second.Wait().ok());
}

TEST_F(SlowWorkTest, SlowWorkThatNobodyWaitsForIsTakenOffForGood) {
  options_.slow_workers = 1;
  StartPool();
  Gate a(100);
  const Sent<Drawn> first = Draw(a.source(), Evil::kAsk);
  a.WaitForWorker();
  WaitForSlow(1);
  const Sent<Drawn> second = Draw(PlainSource(101), Evil::kHang);
  LetThePoolSettle();
  pool_->Cancel(second.id);
  EXPECT_TRUE(absl::IsCancelled(second.Wait().status()));
  a.Tell(Evil::kGood);
  EXPECT_TRUE(first.Wait().ok());
}

TEST_F(SlowWorkTest, DocumentThatIsSlowHasOneWorkerAtATime) {
  options_.workers = 3;
  options_.slow_after = absl::Milliseconds(300);
  StartPool();
  Gate a(100);
  Gate more[] = {Gate(100), Gate(100)};
  const Sent<Drawn> slow = Draw(a.source(), Evil::kAsk);
  a.WaitForWorker();
  WaitForSlow(1);
  // A probe too: it would else have the worker that is kept for such.
  const Sent<ProbeResult> probe = Probe(PlainSource(100));
  const Sent<Drawn> next[] = {Draw(more[0].source(), Evil::kAsk),
                              Draw(more[1].source(), Evil::kAsk)};
  ExpectPoolWorks();
  EXPECT_EQ(pool_->stats().running, 1u);
  EXPECT_EQ(pool_->stats().waiting, 3u);
  // When it is no longer slow, it is a document as any other.
  a.Tell(Evil::kGood);
  EXPECT_TRUE(slow.Wait().ok());
  for (Gate& gate : more) gate.WaitForWorker();
  for (Gate& gate : more) gate.Tell(Evil::kGood);
  for (const Sent<Drawn>& one : next) EXPECT_TRUE(one.Wait().ok());
}

TEST_F(SlowWorkTest, DocumentThatCostAWorkerHasOneWorkerAtATime) {
  options_.workers = 3;
  options_.slow_after = absl::Hours(1);
  StartPool();
  EXPECT_FALSE(Draw(PlainSource(100), Evil::kCrash).Wait().ok());
  Gate gates[] = {Gate(100), Gate(100)};
  const Sent<Drawn> first = Draw(gates[0].source(), Evil::kAsk);
  const Sent<Drawn> second = Draw(gates[1].source(), Evil::kAsk);
  gates[0].WaitForWorker();
  ExpectPoolWorks();
  EXPECT_EQ(pool_->stats().running, 1u);
  EXPECT_EQ(pool_->stats().slow, 1u);
  EXPECT_EQ(pool_->stats().waiting, 1u);
  gates[0].Tell(Evil::kGood);
  EXPECT_TRUE(first.Wait().ok());
  gates[1].WaitForWorker();
  gates[1].Tell(Evil::kGood);
  EXPECT_TRUE(second.Wait().ok());
}

TEST_F(SlowWorkTest, SlowWorkHasHalfOfTheMemory) {
  options_.workers = 3;
  DrawRequest large = RequestFor(Evil::kAsk);
  large.row.width = large.row.height = 1000;
  const uint64_t need = NeedOf(large);
  options_.memory_bytes = 3 * need;
  StartPool();
  Gate a(100);
  Gate b(101);
  const Sent<Drawn> first = Draw(a.source(), large);
  a.WaitForWorker();
  WaitForSlow(1);
  const Sent<Drawn> second = Draw(b.source(), large);
  b.WaitForWorker();
  WaitForPreempted(1);  // there is a place, but no memory
  EXPECT_EQ(pool_->stats().memory_reserved, need);
  large.page = static_cast<uint32_t>(Evil::kGood);
  EXPECT_TRUE(Draw(PlainSource(0), large).Wait().ok());
  a.Tell(Evil::kGood);
  EXPECT_TRUE(first.Wait().ok());
  b.WaitForWorker();
  b.Tell(Evil::kGood);
  EXPECT_TRUE(second.Wait().ok());
  EXPECT_EQ(pool_->stats().memory_reserved, 0u);
}

TEST_F(SlowWorkTest, SlowWorkTakesNoMemoryThatOrdinaryWorkWaitsFor) {
  options_.workers = 3;
  options_.slow_after = absl::Hours(1);
  DrawRequest large = RequestFor(Evil::kAsk);
  large.row.width = large.row.height = 5000;
  options_.memory_bytes = NeedOf(large) + NeedOf(RequestFor(Evil::kGood)) * 3 / 2;
  StartPool();
  EXPECT_FALSE(Draw(PlainSource(102), Evil::kCrash).Wait().ok());
  WarmUp(3);  // so that nothing but memory is missing
  Gate a(100);
  Gate b(101);
  const Sent<Drawn> first = Draw(a.source(), large);
  a.WaitForWorker();
  const Sent<Drawn> second = Draw(b.source(), large);
  const Sent<Drawn> suspect = Draw(PlainSource(102), Evil::kGood);  // would fit
  LetThePoolSettle();
  EXPECT_EQ(pool_->stats().running, 1u);
  EXPECT_EQ(pool_->stats().waiting, 2u);
  a.Tell(Evil::kGood);
  EXPECT_TRUE(first.Wait().ok());
  b.WaitForWorker();
  EXPECT_TRUE(suspect.Wait().ok());
  b.Tell(Evil::kGood);
  EXPECT_TRUE(second.Wait().ok());
}

TEST_F(SlowWorkTest, WorkersStartedForTheSlowOnesGoWithThem) {
  StartPool();
  Gate gates[] = {Gate(100), Gate(101)};
  std::vector<Sent<Drawn>> slow;
  for (Gate& gate : gates) {
    slow.push_back(Draw(gate.source(), Evil::kAsk));
    gate.WaitForWorker();
  }
  WaitForSlow(2);
  ExpectPoolWorks();
  EXPECT_EQ(pool_->pids().size(), 3u);
  for (Gate& gate : gates) gate.Tell(Evil::kGood);
  for (const Sent<Drawn>& one : slow) EXPECT_TRUE(one.Wait().ok());
  EXPECT_LE(pool_->pids().size(), 2u);
}

TEST_F(SlowWorkTest, StopWithSlowWorkInFlight) {
  StartPool();
  std::vector<Sent<Drawn>> bad;
  for (uint64_t key = 100; key < 106; ++key) {
    bad.push_back(Draw(PlainSource(key), Evil::kHang));
    bad.push_back(Draw(PlainSource(key), Evil::kGood));
  }
  WaitForSlow(2);
  pool_->Stop();
  for (const Sent<Drawn>& one : bad) EXPECT_TRUE(one.outcome->done());
  EXPECT_EQ(pool_->stats().slow + pool_->stats().running + pool_->stats().waiting, 0u);
}

}  // namespace
}  // namespace cbzfs
