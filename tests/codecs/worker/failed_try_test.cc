#include "codecs/worker/failed_try.h"

#include <signal.h>

#include <string>

#include "codecs/worker/failure.h"
#include "gmock/gmock.h"

namespace cbzfs {
namespace {

using testing::HasSubstr;

// What waitpid() says of a process that a signal ended: the number, and perhaps the core's bit.
FailedTry KilledBy(int signal) { return FailedTry::Died(signal); }
FailedTry Exited(int status) { return FailedTry::Died(status << 8); }
std::string TextOf(const FailedTry& failed) { return std::string(failed.status.message()); }

TEST(FailedTryTest, SaysHowTheWorkerDied) {
  EXPECT_EQ(TextOf(KilledBy(SIGSEGV)), "the worker crashed (SIGSEGV)");
  EXPECT_EQ(TextOf(KilledBy(SIGSEGV | 0x80)), "the worker crashed (SIGSEGV)");
  EXPECT_EQ(TextOf(KilledBy(SIGABRT)), "the worker crashed (SIGABRT)");
  EXPECT_EQ(TextOf(KilledBy(SIGSYS)), "the worker was stopped by its sandbox (SIGSYS)");
  EXPECT_EQ(TextOf(KilledBy(SIGBUS)), "the source was cut off while it was read (SIGBUS)");
  EXPECT_EQ(TextOf(KilledBy(SIGKILL)), "the worker was killed (SIGKILL), probably for memory");
  EXPECT_EQ(TextOf(KilledBy(SIGXFSZ)), "the worker was ended (SIGXFSZ)");
  EXPECT_EQ(TextOf(KilledBy(SIGRTMIN + 3)), "the worker was ended (signal 37)");
  EXPECT_EQ(TextOf(Exited(7)), "the worker ended by itself with status 7");
  EXPECT_THAT(TextOf(FailedTry::Timeout(absl::Seconds(20))), HasSubstr("20s"));
}

TEST(FailedTryTest, OnlyAnAnswerCostsNoWorker) {
  EXPECT_FALSE(FailedTry::Answered(absl::InternalError("x")).CostAWorker());
  for (const FailedTry& failed :
       {FailedTry::Nonsense(absl::DataLossError("x")), FailedTry::Timeout(absl::Seconds(1)),
        KilledBy(SIGKILL), Exited(0), FailedTry::BrokeOff()}) {
    EXPECT_TRUE(failed.CostAWorker()) << failed.status;
  }
}

TEST(FailedTryTest, TheSameCrashTwiceIsThePagesFault) {
  for (const int signal : {SIGSEGV, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP}) {
    const absl::Status status = StatusOfTwo(KilledBy(signal), KilledBy(signal));
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    EXPECT_TRUE(LiesInThePage(status));
  }
}

TEST(FailedTryTest, OtherDeathsAreAccidents) {
  for (const FailedTry& failed :
       {KilledBy(SIGBUS), KilledBy(SIGKILL), KilledBy(SIGTERM), Exited(1), FailedTry::BrokeOff()}) {
    EXPECT_TRUE(absl::IsUnavailable(StatusOfTwo(failed, failed))) << failed.status;
  }
  EXPECT_TRUE(absl::IsUnavailable(StatusOfTwo(KilledBy(SIGSEGV), KilledBy(SIGABRT))));
}

TEST(FailedTryTest, TheSameAnswerTwiceIsTheAnswer) {
  const FailedTry first = FailedTry::Answered(absl::NotFoundError("first"));
  const FailedTry second = FailedTry::Answered(absl::NotFoundError("second"));
  EXPECT_EQ(StatusOfTwo(first, second), absl::NotFoundError("second"));
  const FailedTry timeout = FailedTry::Timeout(absl::Seconds(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(StatusOfTwo(timeout, timeout)));
  const FailedTry nonsense = FailedTry::Nonsense(absl::DataLossError("x"));
  EXPECT_TRUE(absl::IsDataLoss(StatusOfTwo(nonsense, nonsense)));
}

TEST(FailedTryTest, DifferentFailuresAreAnAccidentThatTheSecondDescribes) {
  const FailedTry crash = KilledBy(SIGSEGV);
  const FailedTry timeout = FailedTry::Timeout(absl::Seconds(1));
  const FailedTry answer = FailedTry::Answered(absl::DataLossError("an answer"));
  const FailedTry other = FailedTry::Answered(absl::NotFoundError("another"));
  const FailedTry nonsense = FailedTry::Nonsense(absl::DataLossError("nonsense"));
  EXPECT_EQ(StatusOfTwo(crash, answer), absl::UnavailableError("an answer"));
  EXPECT_EQ(StatusOfTwo(answer, other), absl::UnavailableError("another"));
  EXPECT_EQ(StatusOfTwo(answer, nonsense), absl::UnavailableError("nonsense"));
  EXPECT_EQ(StatusOfTwo(answer, crash), crash.status);
  EXPECT_EQ(StatusOfTwo(crash, timeout), timeout.status);
  for (const FailedTry* first : {&crash, &timeout, &answer, &nonsense}) {
    for (const FailedTry* second : {&crash, &timeout, &answer, &other, &nonsense}) {
      if (first == second) continue;
      EXPECT_FALSE(LiesInThePage(StatusOfTwo(*first, *second)));
    }
  }
}

}  // namespace
}  // namespace cbzfs
