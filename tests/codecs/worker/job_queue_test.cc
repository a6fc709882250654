#include "codecs/worker/job_queue.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace cbzfs {
namespace {

class JobQueueTest : public ::testing::Test {
 protected:
  std::unique_ptr<Job> Make(uint64_t source, Job::Kind kind = Job::Kind::kDraw,
                            Priority priority = Priority::kReader) {
    auto job = std::make_unique<Job>();
    job->id = next_id_++;
    job->kind = kind;
    job->priority = priority;
    job->source = std::make_shared<SourceFile>(-1, 1, source);
    return job;
  }
  static std::string Ids(const JobQueue::Lane& lane) {
    std::string ids;
    for (const auto& [place, job] : lane) ids += std::to_string(job->id);
    return ids;
  }

  JobQueue queue_;
  WorkerPool::RequestId next_id_ = 1;
};

TEST_F(JobQueueTest, ASuspectDocumentsJobsLeaveTheirLanesAndComeBackInOrder) {
  queue_.PushBack(Make(7));
  queue_.PushBack(Make(8));
  queue_.PushBack(Make(7, Job::Kind::kAnalyse));
  queue_.PushBack(Make(7));
  queue_.SetSuspect(7, true);
  EXPECT_EQ(Ids(queue_.drawings()), "2");
  EXPECT_EQ(Ids(queue_.others()), "");
  EXPECT_EQ(Ids(queue_.slow()), "134");
  EXPECT_EQ(queue_.size(), 4u);
  queue_.SetSuspect(7, false);
  EXPECT_EQ(Ids(queue_.drawings()), "124");
  EXPECT_EQ(Ids(queue_.others()), "3");
  EXPECT_EQ(Ids(queue_.slow()), "");
}

TEST_F(JobQueueTest, WhatIsSlowItselfStaysInTheSlowLane) {
  auto slow = Make(7);
  slow->slow = true;
  queue_.PushBack(std::move(slow));
  queue_.SetSuspect(7, true);
  queue_.SetSuspect(7, false);
  EXPECT_EQ(Ids(queue_.slow()), "1");
}

TEST_F(JobQueueTest, JobsAreFoundWhereverTheyMoved) {
  queue_.PushBack(Make(7));
  queue_.PushBack(Make(7));
  queue_.SetSuspect(7, true);
  EXPECT_TRUE(queue_.Raise(2, Priority::kStat));
  EXPECT_EQ(Ids(queue_.slow()), "21");
  EXPECT_EQ(queue_.Take(1)->id, 1u);
  EXPECT_EQ(queue_.Take(1), nullptr);
  EXPECT_EQ(queue_.size(), 1u);
}

TEST_F(JobQueueTest, TakesADocumentsJobsOrAll) {
  queue_.PushBack(Make(7));
  queue_.PushBack(Make(8));
  queue_.PushBack(Make(7, Job::Kind::kProbe));
  queue_.PushBack(Make(9));
  queue_.SetSuspect(9, true);
  EXPECT_EQ(queue_.TakeAllOf(7).size(), 2u);
  EXPECT_EQ(queue_.size(), 2u);
  EXPECT_EQ(queue_.TakeAll().size(), 2u);
  EXPECT_EQ(queue_.size(), 0u);
}

}  // namespace
}  // namespace cbzfs
