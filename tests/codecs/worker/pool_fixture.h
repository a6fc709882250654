// A pool on the evil worker, and what its tests steer and watch it with.

#ifndef CBZFS_TESTS_CODECS_WORKER_POOL_FIXTURE_H_
#define CBZFS_TESTS_CODECS_WORKER_POOL_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "codecs/worker/unique_fd.h"
#include "codecs/worker/worker_pool.h"
#include "gtest/gtest.h"
#include "tests/codecs/worker/evil.h"

namespace cbzfs {

// What a request's callback was called with; each is called once or never.
template <typename Result>
class Outcome {
 public:
  void Set(absl::StatusOr<Result> result) {
    result_ = std::move(result);
    done_.Notify();  // a second call aborts the test
  }
  const absl::StatusOr<Result>& Wait() {
    const bool came = done_.WaitForNotificationWithTimeout(absl::Seconds(60));
    if (!came) ADD_FAILURE() << "the callback was not called within a minute";
    return result_;
  }
  bool done() const { return done_.HasBeenNotified(); }

 private:
  absl::Notification done_;
  absl::StatusOr<Result> result_ = absl::UnknownError("not called");
};

// A source that is a socket: the worker told to kAsk says that it has begun, and does what it is
// told through it.
class Gate {
 public:
  explicit Gate(uint64_t key);
  std::shared_ptr<const SourceFile> source() const { return source_; }
  void WaitForWorker();
  void Tell(Evil deed);

 private:
  std::shared_ptr<const SourceFile> source_;
  UniqueFd test_end_;
};

std::shared_ptr<const SourceFile> PlainSource(uint64_t key);
// How many descriptors this process has open.
int CountDescriptors();
// Of a process, "" when it is gone.
std::string ReadProc(int pid, const std::string& file);
int ParentOf(int pid);
// Blocks until the process has ended.
void WaitForEndOf(int pid);

class PoolTest : public ::testing::Test {
 protected:
  // The evil worker by one of its names.
  static std::string EvilProgram(const std::string& name = "evil_worker");

  PoolTest() { options_.worker_program = EvilProgram(); }
  void StartPool();

  template <typename Result>
  struct Sent {
    WorkerPool::RequestId id = 0;
    std::shared_ptr<Outcome<Result>> outcome = std::make_shared<Outcome<Result>>();
    const absl::StatusOr<Result>& Wait() const { return outcome->Wait(); }
  };
  Sent<Drawn> Draw(std::shared_ptr<const SourceFile> source, Evil deed,
                   Priority priority = Priority::kReader);
  Sent<Drawn> Draw(std::shared_ptr<const SourceFile> source, const DrawRequest& request,
                   Priority priority = Priority::kReader);
  Sent<ProbeResult> Probe(std::shared_ptr<const SourceFile> source,
                          Priority priority = Priority::kStat);
  Sent<Document> Analyse(std::shared_ptr<const SourceFile> source,
                         Priority priority = Priority::kStat);
  // Returns when `count` workers are alive and idle.
  void WarmUp(int count);
  // Returns once the pool has dealt with all that was asked of it before.
  void LetThePoolSettle();
  // Returns once the pool's counters are so; a minute at most.
  void WaitUntil(const std::function<bool(const WorkerPoolStats&)>& reached);
  // A good drawing succeeds.
  void ExpectPoolWorks();
  static DrawRequest RequestFor(Evil deed);

  // What the evil worker does, but for sandbox_test's, no sandbox would let it do.
  WorkerPoolOptions options_ = {.workers = 1, .sandbox = false};
  AnalyseOptions analyse_;
  std::unique_ptr<WorkerPool> pool_;
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_CODECS_WORKER_POOL_FIXTURE_H_
