// Readers who come and leave at any time, against a pool with a thread of its own: everybody who
// stays is given the right page, and nobody is forgotten.

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "tests/fs/core/pages_fixture.h"

namespace cbzfs {
namespace {

// Draws in the order of asking; answers and cancellations come from its thread.
class ThreadedPool : public WorkerPool {
 public:
  ThreadedPool() : thread_([this] { Run(); }) {}
  ~ThreadedPool() override { Stop(); }

  RequestId Probe(std::shared_ptr<const SourceFile>, Priority,
                  absl::AnyInvocable<void(absl::StatusOr<ProbeResult>)>) override {
    return 0;
  }
  RequestId Analyse(std::shared_ptr<const SourceFile>, const AnalyseRequest&, Priority,
                    absl::AnyInvocable<void(absl::StatusOr<Document>)>) override {
    return 0;
  }
  RequestId Draw(std::shared_ptr<const SourceFile> source, const DrawRequest& request, Priority,
                 absl::AnyInvocable<void(absl::StatusOr<Drawn>)> done) override {
    absl::MutexLock lock(&mu_);
    queue_.push_back({++last_, std::move(source), request, false, std::move(done)});
    return last_;
  }
  void Raise(RequestId, Priority) override {}
  void Cancel(RequestId id) override {
    absl::MutexLock lock(&mu_);
    for (Asked& asked : queue_) asked.cancelled = asked.cancelled || asked.id == id;
  }
  WorkerPoolStats stats() const override { return {}; }
  std::vector<int> pids() const override { return {}; }
  void Stop() override {
    {
      absl::MutexLock lock(&mu_);
      stopping_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Asked {
    RequestId id = 0;
    std::shared_ptr<const SourceFile> source;
    DrawRequest request;
    bool cancelled = false;
    absl::AnyInvocable<void(absl::StatusOr<Drawn>)> done;
  };

  // Says which page it is, or what of the page it was given.
  static std::string PayloadOf(const Asked& asked) {
    if (asked.source->format() == SourceFormat::kPdf) return std::to_string(asked.request.page);
    std::string bytes(asked.source->bytes(), '\0');
    if (pread(asked.source->fd(), bytes.data(), bytes.size(), 0) < 0) return "unreadable";
    const char made = asked.request.finish == Finish::kEnhanced ? 'e' : 't';
    return made + bytes.substr(2, bytes.size() - 4);
  }

  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stopping_ || !queue_.empty(); }

  void Run() {
    while (true) {
      Asked next;
      {
        absl::MutexLock lock(&mu_);
        mu_.Await(absl::Condition(this, &ThreadedPool::HasWork));
        if (queue_.empty()) return;
        next = std::move(queue_.front());
        queue_.pop_front();
        next.cancelled = next.cancelled || stopping_;
      }
      if (next.cancelled) {
        next.done(absl::CancelledError("nobody waits"));
      } else {
        next.done(Drawn{.payload = PayloadOf(next), .quality = 85});
      }
    }
  }

  absl::Mutex mu_;
  std::deque<Asked> queue_ ABSL_GUARDED_BY(mu_);
  RequestId last_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses all of the above
};

class PageStoreRaceTest : public PagesFixture, public testing::WithParamInterface<uint64_t> {
 protected:
  struct Outcome {
    absl::Notification done;
    absl::StatusOr<PageStore::Pointer> body = absl::UnknownError("not called");
  };
  struct Target {
    std::shared_ptr<const OpenBook> book;
    uint32_t page = 0;
    std::string payload;
  };
};

TEST_P(PageStoreRaceTest, WhoStaysIsGivenThePage) {
  std::vector<Target> targets;
  for (const uint32_t page : {0, 2}) {
    const std::string plain = std::to_string(page);
    targets.push_back({HoldPdf(Rendition::kPlain), page, plain});
    targets.push_back({HoldPdf(Rendition::kEnhanced), page, "e" + plain});
    targets.push_back({HoldPdf(Rendition::kThumbnails), page, "t" + plain});
  }
  ThreadedPool pool;
  PageStore store(&pool, &services_->errors, {}, GetParam());
  const auto read = [&](uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 400; ++i) {
      const Target& target = targets[random() % targets.size()];
      auto outcome = std::make_shared<Outcome>();
      auto wait = store.Get(target.book, target.page, static_cast<Priority>(random() % 5),
                            [outcome](absl::StatusOr<PageStore::Pointer> body) {
                              outcome->body = std::move(body);
                              outcome->done.Notify();  // a second call aborts the test
                            });
      if (wait != nullptr && random() % 2 == 0) {
        wait->Leave();
        continue;
      }
      ASSERT_TRUE(outcome->done.WaitForNotificationWithTimeout(absl::Seconds(60))) << "forgotten";
      ASSERT_TRUE(outcome->body.ok()) << outcome->body.status();
      ASSERT_EQ((*outcome->body)->payload(), target.payload);
    }
  };
  std::vector<std::thread> readers;
  for (uint32_t seed = 1; seed <= 4; ++seed) readers.emplace_back(read, seed);
  for (std::thread& reader : readers) reader.join();
  store.Stop();
  pool.Stop();
  EXPECT_EQ(store.stats().failed, 0u);
  EXPECT_EQ(services_->errors.Text(), "");
}

// With a cache, and with none, so that every stage is made again and again.
INSTANTIATE_TEST_SUITE_P(Caches, PageStoreRaceTest,
                         testing::Values(uint64_t{0}, uint64_t{1} << 20));

}  // namespace
}  // namespace cbzfs
