// Workers in their sandbox as a pool has them: one that tries something costs itself and its
// request, and one that has no sandbox is none.

#include <memory>
#include <string>

#include "codecs/worker/sandbox.h"
#include "gmock/gmock.h"
#include "tests/codecs/worker/pool_fixture.h"
#include "tests/codecs/worker/sandbox_deeds.h"

namespace cbzfs {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class SandboxPoolTest : public PoolTest {
 protected:
  SandboxPoolTest() {
    options_.worker_program = EvilProgram("sandbox_evil_worker");
    options_.sandbox = true;
  }
  Sent<Drawn> DrawDeed(uint32_t page, uint64_t key) {
    DrawRequest request = RequestFor(Evil::kGood);
    request.page = page;
    return Draw(PlainSource(key), request);
  }
  void ExpectGoodWork() {
    const absl::StatusOr<Drawn> drawn = DrawDeed(kGoodDeed, 6).Wait();
    ASSERT_TRUE(drawn.ok()) << drawn.status();
    EXPECT_EQ(drawn->payload, "good");
  }
  absl::Status FailureToStart() { return WorkerPool::Start(options_).status(); }
};

TEST_F(SandboxPoolTest, WorkersThatTryCostThemselvesAndTheirRequest) {
  if (kSanitized) GTEST_SKIP() << "built with sanitizers, whose runtimes no sandbox would let live";
  StartPool();
  uint64_t restarts = 0;
  for (uint32_t page = 0; page < kDeeds; ++page) {
    SCOPED_TRACE(kDeedList[page].name);
    const absl::StatusOr<Drawn> drawn = DrawDeed(page, 100 + page).Wait();
    if (kDeedList[page].end == Deed::End::kRefused) {
      ASSERT_TRUE(drawn.ok()) << drawn.status();
      EXPECT_THAT(drawn->payload, StartsWith("refused "));
    } else {
      EXPECT_FALSE(drawn.ok()) << drawn->payload;
      restarts += 2;
    }
    ExpectGoodWork();
    EXPECT_EQ(pool_->stats().restarts, restarts);
  }
}

TEST_F(SandboxPoolTest, StateIsTold) {
  StartPool();
  const SandboxState strict = pool_->stats().sandbox;
  EXPECT_TRUE(strict.strict);
  EXPECT_EQ(strict.seccomp, !kSanitized);
  pool_.reset();
  options_.sandbox = false;
  StartPool();
  EXPECT_FALSE(pool_->stats().sandbox.strict);
  EXPECT_FALSE(pool_->stats().sandbox.seccomp);
}

TEST_F(SandboxPoolTest, OffIsOff) {
  options_.sandbox = false;
  StartPool();
  const absl::StatusOr<Drawn> drawn = DrawDeed(0, 5).Wait();
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(drawn->payload, "done");
}

TEST_F(SandboxPoolTest, PoolDoesNotStartWhereTheSandboxCannotBeClosed) {
  if (kSanitized) GTEST_SKIP() << "built with sanitizers, where Landlock is not asked for";
  options_.worker_program = EvilProgram(kLandlockForbidden);
  const absl::Status failure = FailureToStart();
  EXPECT_TRUE(absl::IsFailedPrecondition(failure)) << failure;
  EXPECT_THAT(std::string(failure.message()), HasSubstr("Landlock: Operation not permitted"));
  EXPECT_THAT(std::string(failure.message()), HasSubstr("-o sandbox=off"));
  options_.sandbox = false;
  StartPool();
  ExpectGoodWork();
}

TEST_F(SandboxPoolTest, WorkerThatDoesNotCloseItIsNone) {
  options_.worker_program = EvilProgram(kClaimsNoSandbox);
  const absl::Status failure = FailureToStart();
  EXPECT_TRUE(absl::IsFailedPrecondition(failure)) << failure;
  EXPECT_THAT(std::string(failure.message()), HasSubstr("the worker program has none"));
}

}  // namespace
}  // namespace cbzfs
