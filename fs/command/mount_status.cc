#include "fs/command/mount_status.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace cbzfs {
namespace {

absl::Status Refused(const std::string& mount_point, int error) {
  const std::string reason = std::generic_category().message(error);
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(absl::StrCat(
        "cannot read the status of ", mount_point,
        ": it is for the user who mounted it, and for root where the mount lets root in"));
  }
  if (error == ENOTCONN) {
    return absl::UnavailableError(absl::StrCat("the program that was mounted at ", mount_point,
                                               " has ended\nTo free the mount point: cbzfs umount ",
                                               mount_point));
  }
  return absl::UnavailableError(
      absl::StrCat("cannot read the status of ", mount_point, ": ", reason));
}

absl::StatusOr<std::string> ReadText(const std::string& mount_point) {
  const std::string path = mount_point + "/.cbzfs/status";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Refused(mount_point, errno);
  std::string text;
  std::array<char, 16384> buffer;
  ssize_t got = 0;
  while ((got = read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  const int error = errno;
  close(fd);
  if (got < 0) return Refused(mount_point, error);
  return text;
}

// Outlives whoever waits, in case the reading never ends.
struct Answer {
  absl::Mutex mu;
  bool done ABSL_GUARDED_BY(mu) = false;
  absl::StatusOr<std::string> text ABSL_GUARDED_BY(mu) = absl::UnknownError("");
};

}  // namespace

absl::StatusOr<nlohmann::json> ReadMountStatus(const std::string& mount_point,
                                               absl::Duration deadline) {
  auto answer = std::make_shared<Answer>();
  std::thread([answer, mount_point] {
    absl::StatusOr<std::string> text = ReadText(mount_point);
    absl::MutexLock lock(&answer->mu);
    answer->text = std::move(text);
    answer->done = true;
  }).detach();
  absl::MutexLock lock(&answer->mu);
  if (!answer->mu.AwaitWithTimeout(absl::Condition(&answer->done), deadline)) {
    return absl::DeadlineExceededError(
        absl::StrCat("the program mounted at ", mount_point, " does not answer"));
  }
  if (!answer->text.ok()) return answer->text.status();
  nlohmann::json json = nlohmann::json::parse(*answer->text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return absl::UnavailableError(absl::StrCat(mount_point, "/.cbzfs/status is not understood"));
  }
  return json;
}

}  // namespace cbzfs
