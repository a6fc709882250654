#include "fs/exit_codes.h"

namespace cbzfs {

ExitCode ExitCodeOfCreate(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return kExitUsage;
    case absl::StatusCode::kNotFound:
      return kExitLibrary;
    case absl::StatusCode::kFailedPrecondition:
      return kExitWorker;
    case absl::StatusCode::kPermissionDenied:
      return kExitIndex;
    default:
      return kExitFailure;
  }
}

ExitCode ExitCodeOfMount(const absl::Status& status) {
  if (absl::IsPermissionDenied(status)) return kExitNotPermitted;
  return absl::IsNotFound(status) ? kExitNoFuse : kExitFailure;
}

}  // namespace cbzfs
