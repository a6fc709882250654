#include "codecs/worker/failure_memory.h"

#include <memory>

#include "gtest/gtest.h"

namespace cbzfs {
namespace {

class FailureMemoryTest : public ::testing::Test {
 protected:
  static Job DrawingOf(uint64_t key, uint32_t page) {
    Job job;
    job.kind = Job::Kind::kDraw;
    job.source = std::make_shared<SourceFile>(-1, 1, key);
    job.draw.page = page;
    return job;
  }
  bool Knows(const Job& job, absl::Duration later = absl::ZeroDuration()) {
    return !memory_.Recall(job, After(now_, later)).ok();
  }

  FailureMemory memory_{absl::Minutes(10)};
  const MonotonicTime now_ = MonotonicNow();
};

TEST_F(FailureMemoryTest, RemembersByDocumentKindAndPage) {
  memory_.Remember(DrawingOf(1, 2), absl::DataLossError("x"), now_);
  EXPECT_TRUE(Knows(DrawingOf(1, 2)));
  EXPECT_FALSE(Knows(DrawingOf(1, 3)));
  EXPECT_FALSE(Knows(DrawingOf(2, 2)));
  Job analysis = DrawingOf(1, 2);
  analysis.kind = Job::Kind::kAnalyse;
  EXPECT_FALSE(Knows(analysis));
}

TEST_F(FailureMemoryTest, ForgetsInTime) {
  memory_.Remember(DrawingOf(1, 2), absl::DataLossError("x"), now_);
  EXPECT_TRUE(Knows(DrawingOf(1, 2), absl::Minutes(9)));
  EXPECT_FALSE(Knows(DrawingOf(1, 2), absl::Minutes(10)));
}

TEST_F(FailureMemoryTest, ForgetsTheOldestWhenItIsFull) {
  for (uint32_t page = 0; page <= FailureMemory::kMaxFailures; ++page) {
    memory_.Remember(DrawingOf(1, page), absl::DataLossError("x"), now_);
    memory_.Remember(DrawingOf(1, page), absl::DataLossError("again"), now_);
  }
  EXPECT_FALSE(Knows(DrawingOf(1, 0)));
  EXPECT_TRUE(Knows(DrawingOf(1, 1)));
  EXPECT_TRUE(Knows(DrawingOf(1, FailureMemory::kMaxFailures)));
}

}  // namespace
}  // namespace cbzfs
