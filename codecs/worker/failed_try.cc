#include "codecs/worker/failed_try.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/worker/failure.h"

namespace cbzfs {
namespace {

std::string NameOf(int signal) {
  const char* const name = sigabbrev_np(signal);
  return name != nullptr ? absl::StrCat("SIG", name) : absl::StrCat("signal ", signal);
}

std::string TextOfDeath(int signal, bool crashed) {
  const std::string name = NameOf(signal);
  switch (signal) {
    case SIGSYS:
      return absl::StrCat("the worker was stopped by its sandbox (", name, ")");
    case SIGBUS:
      return absl::StrCat("the source was cut off while it was read (", name, ")");
    case SIGKILL:
      return absl::StrCat("the worker was killed (", name, "), probably for memory");
    default:
      return absl::StrCat(crashed ? "the worker crashed (" : "the worker was ended (", name, ")");
  }
}

}  // namespace

bool FailedTry::WasKilled() const { return how == How::kSignal && number == SIGKILL; }

bool FailedTry::StoppedBySandbox() const { return how == How::kSignal && number == SIGSYS; }

bool FailedTry::Crashed() const {
  if (how != How::kSignal) return false;
  switch (number) {
    case SIGSEGV:
    case SIGILL:
    case SIGFPE:
    case SIGABRT:
    case SIGTRAP:
    case SIGSYS:
      return true;
    default:
      return false;
  }
}

bool FailedTry::MayBeTheDocument() const {
  return Crashed() || how == How::kTimeout || how == How::kNonsense ||
         absl::IsResourceExhausted(status);
}

FailedTry FailedTry::Answered(absl::Status status) {
  return {.how = How::kAnswered, .status = std::move(status)};
}

FailedTry FailedTry::Nonsense(absl::Status status) {
  return {.how = How::kNonsense, .status = std::move(status)};
}

FailedTry FailedTry::Timeout(absl::Duration deadline) {
  return {.how = How::kTimeout,
          .status = absl::DeadlineExceededError(
              absl::StrCat("the worker took too long (", absl::FormatDuration(deadline), ")"))};
}

FailedTry FailedTry::Died(int wait_status) {
  FailedTry failed;
  if (WIFSIGNALED(wait_status)) {
    failed.how = How::kSignal;
    failed.number = WTERMSIG(wait_status);
    failed.status = absl::UnavailableError(TextOfDeath(failed.number, failed.Crashed()));
  } else {
    failed.how = How::kExit;
    failed.number = WEXITSTATUS(wait_status);
    failed.status = absl::UnavailableError(
        absl::StrCat("the worker ended by itself with status ", failed.number));
  }
  return failed;
}

FailedTry FailedTry::BrokeOff() {
  return {.how = How::kBrokeOff, .status = absl::UnavailableError("the worker broke off")};
}

absl::Status StatusOfTwo(const FailedTry& first, const FailedTry& second) {
  const bool same = first.how == second.how && first.number == second.number &&
                    first.status.code() == second.status.code();
  if (same && second.Crashed()) return absl::InternalError(second.status.message());
  // Neither the file nor the page is known to be at fault.
  if (!same && LiesInThePage(second.status)) {
    return absl::UnavailableError(second.status.message());
  }
  return second.status;
}

}  // namespace cbzfs
