#include "codecs/worker/stderr_drain.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "codecs/worker/protocol.h"
#include "codecs/worker/zygote.h"
#include "spdlog/spdlog.h"

namespace cbzfs {

absl::StatusOr<std::unique_ptr<StderrDrain>> StderrDrain::Make() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return absl::ErrnoToStatus(errno, "pipe");
  UniqueFd read_end(ends[0]);
  UniqueFd write_end = AboveStandard(UniqueFd(ends[1]));
  if (!write_end.valid()) return absl::InternalError("the descriptor table is full");
  return std::unique_ptr<StderrDrain>(new StderrDrain(std::move(read_end), std::move(write_end)));
}

StderrDrain::StderrDrain(UniqueFd read_end, UniqueFd write_end)
    : read_end_(std::move(read_end)), write_end_(std::move(write_end)) {}

bool StderrDrain::OnReadable(MonotonicTime now) {
  if (now >= minute_ends_) {
    left_ = kBytesPerMinute;
    minute_ends_ = After(now, absl::Minutes(1));
  }
  char buffer[4096];
  while (left_ > 0) {
    const ssize_t got = read(read_fd(), buffer, std::min(sizeof buffer, left_));
    if (got <= 0) return true;
    left_ -= static_cast<size_t>(got);
    partial_.append(buffer, static_cast<size_t>(got));
    LogLines();
  }
  spdlog::warn("worker: (further messages of this minute are left out)");
  return false;
}

void StderrDrain::LogLines() {
  size_t begin = 0;
  size_t end = 0;
  while ((end = partial_.find('\n', begin)) != std::string::npos) {
    spdlog::warn("worker: {}",
                 PrintableLine(std::string_view(partial_).substr(begin, end - begin)));
    begin = end + 1;
  }
  partial_.erase(0, begin);
  if (partial_.size() > kMaxReasonBytes) {
    spdlog::warn("worker: {}", PrintableLine(partial_));
    partial_.clear();
  }
}

}  // namespace cbzfs
