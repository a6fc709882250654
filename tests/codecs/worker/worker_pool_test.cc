// The pool with workers that behave.

#include "codecs/worker/worker_pool.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include "codecs/worker/job.h"
#include "gmock/gmock.h"
#include "tests/codecs/worker/pool_fixture.h"

namespace cbzfs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

TEST_F(PoolTest, RequestsAreAnswered) {
  StartPool();
  EXPECT_EQ(Probe(PlainSource(0)).Wait()->page_count, 7u);
  EXPECT_THAT(Analyse(PlainSource(0)).Wait()->pages, SizeIs(2));
  const absl::StatusOr<Drawn> drawn = Draw(PlainSource(0), Evil::kGood).Wait();
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(drawn->quality, 85u);
  const WorkerPoolStats stats = pool_->stats();
  EXPECT_EQ(stats.probed, 1u);
  EXPECT_EQ(stats.analysed, 1u);
  EXPECT_EQ(stats.drawn, 1u);
  EXPECT_EQ(stats.failed + stats.restarts + stats.timeouts, 0u);
  EXPECT_EQ(stats.waiting + stats.running + stats.memory_reserved, 0u);
  EXPECT_EQ(stats.memory_limit, options_.memory_bytes);
}

TEST_F(PoolTest, FinishesAreCountedApart) {
  StartPool();
  DrawRequest request = RequestFor(Evil::kGood);
  request.finish = Finish::kEnhanced;
  EXPECT_TRUE(Draw(PlainSource(0), request).Wait().ok());
  request.finish = Finish::kThumbnail;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Draw(PlainSource(0), request).Wait().ok());
  request = {.finish = Finish::kEntry, .entry_bytes = 5};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Draw(PlainSource(0), request).Wait()->payload, "eeeee");
  const WorkerPoolStats stats = pool_->stats();
  EXPECT_EQ(stats.drawn, 0u);
  EXPECT_EQ(stats.enhanced, 1u);
  EXPECT_EQ(stats.thumbnails, 2u);
  EXPECT_EQ(stats.entries, 3u);
}

TEST_F(PoolTest, OneWorkerIsThereFromTheStart) {
  options_.workers = 4;
  StartPool();
  EXPECT_EQ(pool_->stats().alive, 1u);
  EXPECT_THAT(pool_->pids(), SizeIs(1));
}

TEST_F(PoolTest, StatIsAnsweredWhileAllWorkersDraw) {
  options_.workers = 2;
  StartPool();
  Gate gates[] = {Gate(100), Gate(101)};
  std::vector<Sent<Drawn>> drawings;
  for (Gate& gate : gates) {
    drawings.push_back(Draw(gate.source(), Evil::kAsk));
    gate.WaitForWorker();
  }
  const Sent<Drawn> third = Draw(PlainSource(0), Evil::kGood);
  const Sent<Document> nobodys = Analyse(PlainSource(0), Priority::kBackground);
  EXPECT_EQ(Probe(PlainSource(0), Priority::kStat).Wait()->page_count, 7u);
  EXPECT_TRUE(Analyse(PlainSource(0), Priority::kListing).Wait().ok());
  EXPECT_EQ(pool_->stats().running, 2u);
  EXPECT_EQ(pool_->stats().waiting, 2u);
  EXPECT_FALSE(third.outcome->done());
  EXPECT_FALSE(nobodys.outcome->done());
  for (Gate& gate : gates) gate.Tell(Evil::kGood);
  for (const Sent<Drawn>& drawing : drawings) EXPECT_TRUE(drawing.Wait().ok());
  EXPECT_TRUE(third.Wait().ok());
  EXPECT_TRUE(nobodys.Wait().ok());
}

// Each test below fills the only drawing worker, queues, lets go, and looks at the order.
class QueueTest : public PoolTest {
 protected:
  void SetUp() override {
    StartPool();
    first_ = Draw(gate_.source(), Evil::kAsk);
    gate_.WaitForWorker();
  }
  Sent<Drawn> Queue(char name, Priority priority) {
    Sent<Drawn> sent;
    sent.id = pool_->Draw(PlainSource(0), RequestFor(Evil::kGood), priority,
                          [this, name, outcome = sent.outcome](absl::StatusOr<Drawn> drawn) {
                            order_.push_back(name);
                            outcome->Set(std::move(drawn));
                          });
    return sent;
  }

  Gate gate_{100};
  Sent<Drawn> first_;
  std::string order_;  // written by the pool's thread, read when all are done
};

TEST_F(QueueTest, PriorityOrder) {
  const Sent<Drawn> last = Queue('e', Priority::kBackground);
  Queue('d', Priority::kReadAhead);
  Queue('b', Priority::kReader);
  Queue('c', Priority::kReader);
  Queue('a', Priority::kStat);
  gate_.Tell(Evil::kGood);
  EXPECT_TRUE(last.Wait().ok());
  EXPECT_EQ(order_, "abcde");
}

TEST_F(QueueTest, RaisedRequestIsServedEarlier) {
  const Sent<Drawn> last = Queue('c', Priority::kReadAhead);
  const Sent<Drawn> raised = Queue('b', Priority::kReadAhead);
  Queue('a', Priority::kReader);
  pool_->Raise(raised.id, Priority::kReader);
  pool_->Raise(raised.id, Priority::kBackground);  // never down
  pool_->Raise(12345, Priority::kStat);            // nobody's
  gate_.Tell(Evil::kGood);
  EXPECT_TRUE(last.Wait().ok());
  EXPECT_EQ(order_, "abc");
}

TEST_F(QueueTest, CancelledRequestLeavesTheQueue) {
  const Sent<Drawn> kept = Queue('b', Priority::kReadAhead);
  const Sent<Drawn> cancelled = Queue('a', Priority::kReader);
  pool_->Cancel(cancelled.id);
  EXPECT_TRUE(absl::IsCancelled(cancelled.Wait().status()));
  EXPECT_EQ(pool_->stats().waiting, 1u);
  EXPECT_EQ(pool_->stats().failed, 0u);
  gate_.Tell(Evil::kGood);
  EXPECT_TRUE(kept.Wait().ok());
  EXPECT_EQ(pool_->stats().drawn, 2u);
}

TEST_F(QueueTest, CancelledRequestAtAWorkerIsLetFinish) {
  pool_->Cancel(first_.id);
  pool_->Cancel(12345);
  LetThePoolSettle();
  EXPECT_FALSE(first_.outcome->done());
  gate_.Tell(Evil::kGood);
  EXPECT_TRUE(first_.Wait().ok());
}

uint64_t NeedOf(const DrawRequest& draw) {
  Job job;
  job.kind = Job::Kind::kDraw;
  job.draw = draw;
  return job.MemoryNeed();
}

TEST_F(PoolTest, MemoryAdmission) {
  options_.workers = 3;
  DrawRequest large = RequestFor(Evil::kAsk);
  large.row.width = large.row.height = 1000;
  const uint64_t need = NeedOf(large);
  options_.memory_bytes = need + need / 2;
  StartPool();
  WarmUp(3);  // so that nothing but memory is missing
  Gate a(100);
  Gate b(101);
  const Sent<Drawn> first = Draw(a.source(), large);
  a.WaitForWorker();
  const Sent<Drawn> second = Draw(b.source(), large);
  const Sent<Drawn> small = Draw(PlainSource(0), Evil::kGood);  // would fit, but came later
  LetThePoolSettle();
  EXPECT_EQ(pool_->stats().running, 1u);
  EXPECT_EQ(pool_->stats().waiting, 2u);
  EXPECT_EQ(pool_->stats().memory_reserved, need);
  EXPECT_TRUE(Probe(PlainSource(0)).Wait().ok());  // has the reserve
  a.Tell(Evil::kGood);
  EXPECT_TRUE(first.Wait().ok());
  b.WaitForWorker();
  EXPECT_TRUE(small.Wait().ok());
  b.Tell(Evil::kGood);
  EXPECT_TRUE(second.Wait().ok());
  EXPECT_EQ(pool_->stats().memory_reserved, 0u);
}

TEST_F(PoolTest, DrawingLargerThanTheWholeBudgetRunsAlone) {
  options_.workers = 2;
  options_.memory_bytes = 64 << 20;
  DrawRequest large = RequestFor(Evil::kAsk);
  large.row.width = large.row.height = 5000;
  ASSERT_GT(NeedOf(large), options_.memory_bytes);
  StartPool();
  WarmUp(2);
  Gate a(100);
  Gate b(101);
  const Sent<Drawn> first = Draw(a.source(), large);
  const Sent<Drawn> second = Draw(b.source(), large);
  a.WaitForWorker();
  LetThePoolSettle();
  EXPECT_EQ(pool_->stats().running, 1u);
  a.Tell(Evil::kGood);
  b.WaitForWorker();
  b.Tell(Evil::kGood);
  EXPECT_TRUE(first.Wait().ok());
  EXPECT_TRUE(second.Wait().ok());
}

TEST_F(PoolTest, RequestsOfOneDocumentPreferTheWorkerThatHasItOpen) {
  options_.workers = 2;
  StartPool();
  Gate a(100);
  Gate b(101);
  const Sent<Drawn> of_a = Draw(a.source(), Evil::kAsk);
  a.WaitForWorker();
  const Sent<Drawn> of_b = Draw(b.source(), Evil::kAsk);
  b.WaitForWorker();
  a.Tell(Evil::kGood);
  const std::string worker_a = of_a.Wait()->payload;
  b.Tell(Evil::kGood);
  const std::string worker_b = of_b.Wait()->payload;
  EXPECT_NE(worker_a, worker_b);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Draw(b.source(), Evil::kGood).Wait()->payload, worker_b);
    EXPECT_EQ(Draw(a.source(), Evil::kGood).Wait()->payload, worker_a);
  }
}

TEST_F(PoolTest, FreeWorkerDoesNotWaitForItsOwnDocument) {
  options_.workers = 2;
  StartPool();
  Gate gate(100);
  const Sent<Drawn> first = Draw(gate.source(), Evil::kAsk);
  gate.WaitForWorker();
  const Sent<Drawn> second = Draw(gate.source(), Evil::kGood);
  EXPECT_TRUE(second.Wait().ok());
  gate.Tell(Evil::kGood);
  EXPECT_NE(first.Wait()->payload, second.Wait()->payload);
}

TEST_F(PoolTest, StopWithWorkInFlight) {
  options_.workers = 2;
  StartPool();
  Gate a(100);
  Gate b(101);
  std::vector<Sent<Drawn>> sent = {Draw(a.source(), Evil::kAsk), Draw(b.source(), Evil::kAsk)};
  a.WaitForWorker();
  b.WaitForWorker();
  for (int i = 0; i < 10; ++i) sent.push_back(Draw(PlainSource(0), Evil::kGood));
  // A worker may speak before the pool's thread has come to show that it has it.
  LetThePoolSettle();
  const std::vector<int> pids = pool_->pids();
  ASSERT_THAT(pids, SizeIs(2));
  const int zygote = ParentOf(pids[0]);
  pool_->Stop();
  for (const Sent<Drawn>& one : sent) {
    ASSERT_TRUE(one.outcome->done());
    EXPECT_TRUE(absl::IsCancelled(one.Wait().status())) << one.Wait().status();
  }
  for (const int pid : {pids[0], pids[1], zygote}) EXPECT_EQ(kill(pid, 0), -1) << pid;
  pool_->Stop();
  const Sent<Drawn> late = Draw(PlainSource(0), Evil::kGood);
  EXPECT_EQ(late.id, 0u);
  ASSERT_TRUE(late.outcome->done());
  EXPECT_TRUE(absl::IsCancelled(late.Wait().status())) << late.Wait().status();
  EXPECT_EQ(pool_->stats().alive, 0u);
}

TEST_F(PoolTest, NoDescriptorLeaks) {
  { StartPool(), pool_.reset(); }  // whatever libraries keep open from their first use
  const int before = CountDescriptors();
  options_.workers = 2;
  StartPool();
  for (const Evil deed : {Evil::kGood, Evil::kCrash, Evil::kDescriptors, Evil::kKeepsMapping}) {
    Draw(PlainSource(100 + static_cast<uint64_t>(deed)), deed).Wait();
  }
  ExpectPoolWorks();
  LetThePoolSettle();
  const int with_pool = CountDescriptors();
  for (int i = 0; i < 50; ++i) {
    ExpectPoolWorks();
    EXPECT_TRUE(Analyse(PlainSource(0)).Wait().ok());
  }
  EXPECT_EQ(CountDescriptors(), with_pool);
  pool_.reset();
  EXPECT_EQ(CountDescriptors(), before);
}

TEST_F(PoolTest, WorkersSeeNothingOfTheDaemon) {
  setenv("CBZFS_TEST_SECRET", "hunter2", 1);
  const UniqueFd inheritable(open("/dev/null", O_RDONLY));
  StartPool();
  const int pid = pool_->pids().at(0);
  std::vector<std::string> descriptors;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    descriptors.push_back(entry.path().filename());
  }
  EXPECT_THAT(descriptors, testing::UnorderedElementsAre("0", "1", "2", "3"));
  EXPECT_THAT(ReadProc(pid, "environ"), Not(HasSubstr("hunter2")));
  EXPECT_EQ(ReadProc(pid, "comm"), "cbzfs-worker\n");
  EXPECT_EQ(ReadProc(pid, "oom_score_adj"), "500\n");
  EXPECT_THAT(ReadProc(pid, "limits"), testing::ContainsRegex("Max core file size +0 +0 "));
  unsetenv("CBZFS_TEST_SECRET");
}

TEST_F(PoolTest, WorkersIgnoreTheSignalsThatEndTheDaemon) {
  StartPool();
  const std::vector<int> before = pool_->pids();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    kill(before.at(0), signal);
    kill(ParentOf(before.at(0)), signal);
  }
  ExpectPoolWorks();
  EXPECT_EQ(pool_->pids(), before);
}

TEST_F(PoolTest, WorkersDieWithTheDaemon) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t daemon = fork();
  if (daemon == 0) {
    StartPool();
    const int pids[] = {pool_->pids().at(0), ParentOf(pool_->pids().at(0))};
    if (write(ends[1], pids, sizeof pids) != sizeof pids) _exit(1);
    while (true) pause();
  }
  int pids[2];
  ASSERT_EQ(read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  kill(daemon, SIGKILL);
  ASSERT_EQ(waitpid(daemon, nullptr, 0), daemon);
  for (const int pid : pids) WaitForEndOf(pid);
  close(ends[0]);
  close(ends[1]);
}

// An entry may be of any length, and all of it is held at once: unlike a page it is not let in
// alone.
TEST_F(PoolTest, EntriesLargerThanTheBudgetAreRefused) {
  options_.memory_bytes = 1000;
  StartPool();
  DrawRequest entry = {.finish = Finish::kEntry, .entry_bytes = 333};
  EXPECT_TRUE(Draw(PlainSource(0), entry).Wait().ok());
  entry.entry_bytes = 334;
  EXPECT_TRUE(absl::IsResourceExhausted(Draw(PlainSource(0), entry).Wait().status()));
  entry.entry_bytes = uint64_t{1} << 62;
  EXPECT_TRUE(absl::IsResourceExhausted(Draw(PlainSource(0), entry).Wait().status()));
  entry.entry_bytes = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Draw(PlainSource(0), entry).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(PoolTest, ImpossibleRequestsAreRefused) {
  StartPool();
  DrawRequest request = RequestFor(Evil::kGood);
  request.max_payload = uint64_t{1} << 40;
  EXPECT_TRUE(absl::IsInvalidArgument(Draw(PlainSource(0), request).Wait().status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Draw(nullptr, Evil::kGood).Wait().status()));
  // A descriptor that is closed already.
  EXPECT_TRUE(absl::IsUnavailable(
      Draw(std::make_shared<SourceFile>(-1, 1, 5), Evil::kGood).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

}  // namespace
}  // namespace cbzfs
