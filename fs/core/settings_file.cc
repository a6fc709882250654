#include "fs/core/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "codecs/worker/unique_fd.h"

namespace cbzfs {
namespace {

constexpr off_t kMostBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::string> ReadSettingsFile(
    const std::string& path, absl::FunctionRef<std::string(const struct stat&)> objection) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat st;
  if (!file.valid() || fstat(file.get(), &st) != 0) {
    return absl::InvalidArgumentError(strerror(errno));
  }
  if (!S_ISREG(st.st_mode)) return absl::InvalidArgumentError("is no regular file");
  if (const std::string why = objection(st); !why.empty()) {
    return absl::InvalidArgumentError(why);
  }
  if (st.st_size > kMostBytes) return absl::InvalidArgumentError("is larger than 1 MiB");
  std::string text(static_cast<size_t>(st.st_size), '\0');
  size_t got = 0;
  while (got < text.size()) {
    const ssize_t n = read(file.get(), text.data() + got, text.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::InvalidArgumentError(strerror(errno));
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  text.resize(got);
  return text;
}

}  // namespace cbzfs
