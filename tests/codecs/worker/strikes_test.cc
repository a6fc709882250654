#include "codecs/worker/strikes.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"

namespace cbzfs {
namespace {

class StrikesTest : public ::testing::Test {
 protected:
  static Job PageOf(uint64_t key, uint32_t page) {
    Job job;
    job.kind = Job::Kind::kDraw;
    job.source = std::make_shared<SourceFile>(-1, 1, key);
    job.draw.page = page;
    return job;
  }
  MonotonicTime In(int minutes) const { return After(now_, absl::Minutes(minutes)); }

  Strikes strikes_{absl::Minutes(10)};
  const MonotonicTime now_ = MonotonicNow();
};

TEST_F(StrikesTest, ThreePlacesPutTheDocumentAside) {
  EXPECT_FALSE(strikes_.Add(PageOf(1, 0), now_));
  EXPECT_FALSE(strikes_.Add(PageOf(1, 1), now_));
  EXPECT_TRUE(strikes_.Check(1, now_).ok());
  EXPECT_EQ(strikes_.CountPutAside(now_), 0u);
  EXPECT_TRUE(strikes_.Add(PageOf(1, 2), now_));
  const absl::Status status = strikes_.Check(1, now_);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()),
              testing::MatchesRegex("put aside until [0-9]+:[0-9]+: it killed or hung workers 3 "
                                    "times"));
  EXPECT_EQ(strikes_.CountPutAside(now_), 1u);
  EXPECT_TRUE(strikes_.Check(2, now_).ok());
}

TEST_F(StrikesTest, ProbeAnalysisAndPagesArePlaces) {
  Job job = PageOf(1, 0);
  job.kind = Job::Kind::kProbe;
  EXPECT_FALSE(strikes_.Add(job, now_));
  job.kind = Job::Kind::kAnalyse;
  EXPECT_FALSE(strikes_.Add(job, now_));
  EXPECT_TRUE(strikes_.Add(PageOf(1, 0), now_));
}

TEST_F(StrikesTest, OnePlaceCountsOnce) {
  Job page = PageOf(1, 7);
  for (int i = 0; i < 10; ++i) {
    page.draw.finish = i % 2 == 0 ? Finish::kPage : Finish::kEnhanced;
    EXPECT_FALSE(strikes_.Add(page, now_));
  }
  EXPECT_TRUE(strikes_.Has(1, now_));
  EXPECT_TRUE(strikes_.Check(1, now_).ok());
}

TEST_F(StrikesTest, StrikesExpire) {
  strikes_.Add(PageOf(1, 0), now_);
  strikes_.Add(PageOf(1, 1), In(9));
  EXPECT_TRUE(strikes_.Has(1, In(9)));
  EXPECT_FALSE(strikes_.Add(PageOf(1, 2), In(10)));  // the first has expired
  EXPECT_TRUE(strikes_.Has(1, In(19)));
  EXPECT_FALSE(strikes_.Has(1, In(20)));
}

TEST_F(StrikesTest, ADocumentComesBackAndIsTriedAsAnyOther) {
  for (uint32_t page = 0; page < 3; ++page) strikes_.Add(PageOf(1, page), now_);
  EXPECT_FALSE(strikes_.Check(1, In(9)).ok());
  EXPECT_EQ(strikes_.CountPutAside(In(9)), 1u);
  EXPECT_TRUE(strikes_.Check(1, In(10)).ok());
  EXPECT_EQ(strikes_.CountPutAside(In(10)), 0u);
  EXPECT_FALSE(strikes_.Add(PageOf(1, 0), In(10)));
  EXPECT_FALSE(strikes_.Add(PageOf(1, 1), In(10)));
  EXPECT_TRUE(strikes_.Add(PageOf(1, 2), In(10)));
}

TEST_F(StrikesTest, NothingCountsWhenNothingIsRemembered) {
  Strikes strikes(absl::ZeroDuration());
  for (uint32_t page = 0; page < 10; ++page) EXPECT_FALSE(strikes.Add(PageOf(1, page), now_));
  EXPECT_FALSE(strikes.Has(1, now_));
}

TEST_F(StrikesTest, TheOldestGoWhenItIsFull) {
  for (uint64_t key = 0; key <= Strikes::kMaxDocuments; ++key) strikes_.Add(PageOf(key, 0), now_);
  EXPECT_FALSE(strikes_.Has(0, now_));
  EXPECT_TRUE(strikes_.Has(1, now_));
  EXPECT_TRUE(strikes_.Has(Strikes::kMaxDocuments, now_));
}

}  // namespace
}  // namespace cbzfs
