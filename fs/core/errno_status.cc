#include "fs/core/errno_status.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace cbzfs {
namespace {

constexpr char kPayload[] = "cbzfs/errno";
constexpr char kReported[] = "cbzfs/reported";

int ErrnoOfCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kNotFound:
      return ENOENT;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return EACCES;
    case absl::StatusCode::kCancelled:
      return EINTR;
    case absl::StatusCode::kAborted:
      return EAGAIN;
    case absl::StatusCode::kResourceExhausted:
      return ENOMEM;
    case absl::StatusCode::kInvalidArgument:
      return EINVAL;
    case absl::StatusCode::kUnimplemented:
      return ENOSYS;
    case absl::StatusCode::kAlreadyExists:
      return EEXIST;
    case absl::StatusCode::kOutOfRange:
      return EOVERFLOW;
    case absl::StatusCode::kFailedPrecondition:
      return ENOTDIR;
    default:
      return EIO;
  }
}

}  // namespace

absl::Status ErrnoStatus(int error, std::string_view what) {
  if (error == 0) return absl::OkStatus();
  // std::generic_category: strerror() is not thread-safe.
  absl::Status status(
      absl::ErrnoToStatusCode(error),
      absl::StrCat(std::string(what), ": ", std::generic_category().message(error)));
  status.SetPayload(kPayload, absl::Cord(absl::StrCat(error)));
  return status;
}

absl::Status ReportedStatus(int error, std::string_view what) {
  return MarkReported(ErrnoStatus(error, what));
}

absl::Status MarkReported(absl::Status failure) {
  failure.SetPayload(kReported, absl::Cord());
  return failure;
}

absl::Status WithErrno(absl::Status failure, int error) {
  failure.SetPayload(kPayload, absl::Cord(absl::StrCat(error)));
  return failure;
}

bool WasReported(const absl::Status& status) { return status.GetPayload(kReported).has_value(); }

int ExactErrno(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  int error = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &error)) return 0;
  return error > 0 ? error : 0;
}

int ErrnoOf(const absl::Status& status) {
  const int exact = ExactErrno(status);
  return exact != 0 ? exact : ErrnoOfCode(status.code());
}

}  // namespace cbzfs
