#include "codecs/worker/failure_memory.h"

#include <memory>

#include "gtest/gtest.h"

namespace cbzfs {
namespace {

class FailureMemoryTest : public ::testing::Test {
 protected:
  static Job DrawingOf(uint64_t key, uint32_t page, SourceFormat format = SourceFormat::kPdf) {
    Job job;
    job.kind = Job::Kind::kDraw;
    job.source = std::make_shared<SourceFile>(-1, 1, key, format);
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

TEST_F(FailureMemoryTest, RemembersByFormat) {
  memory_.Remember(DrawingOf(1, 0), absl::DataLossError("x"), now_);
  EXPECT_FALSE(Knows(DrawingOf(1, 0, SourceFormat::kImage)));
  EXPECT_FALSE(Knows(DrawingOf(1, 0, SourceFormat::kArchive)));
}

TEST_F(FailureMemoryTest, RemembersByWhatIsMadeOfThePage) {
  constexpr Finish kAll[] = {Finish::kPage, Finish::kEnhanced, Finish::kThumbnail, Finish::kEntry};
  for (const Finish failed : kAll) {
    FailureMemory memory(absl::Minutes(10));
    Job job = DrawingOf(1, 2);
    job.draw.finish = failed;
    memory.Remember(job, absl::DataLossError("x"), now_);
    for (const Finish asked : kAll) {
      job.draw.finish = asked;
      EXPECT_EQ(memory.Recall(job, now_).ok(), asked != failed);
    }
  }
}

TEST_F(FailureMemoryTest, APlainAnalysisIsNotAnEnhancedOne) {
  Job job = DrawingOf(1, 2);
  job.kind = Job::Kind::kAnalyse;
  job.analysis.options.enhanced = true;
  memory_.Remember(job, absl::DeadlineExceededError("x"), now_);
  EXPECT_TRUE(Knows(job));
  job.analysis.options.enhanced = false;
  EXPECT_FALSE(Knows(job));
  // Of a probe and a drawing the options say nothing.
  job.kind = Job::Kind::kProbe;
  memory_.Remember(job, absl::DataLossError("x"), now_);
  job.analysis.options.enhanced = true;
  job.draw.page = 7;
  job.draw.finish = Finish::kEntry;
  EXPECT_TRUE(Knows(job));
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
