#include "fs/command/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "fs/command/terminal.h"
#include "fs/command/text.h"

namespace cbzfs {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(200);
constexpr size_t kBarCells = 16;
constexpr size_t kLeastName = 12;
// Before this what is left is a guess of nothing.
constexpr double kSecondsToGuess = 1;
constexpr double kShareToGuess = 0.005;

}  // namespace

std::string ProgressLine(const ProgressCounts& counts, const std::string& noun, double seconds,
                         const std::string& current, size_t columns) {
  const double share = std::clamp(counts.share, 0.0, 1.0);
  const auto cells = static_cast<size_t>(std::lround(share * kBarCells));
  std::vector<std::string> parts = {
      absl::StrCat("[", std::string(cells, '#'), std::string(kBarCells - cells, '-'), "]"),
      absl::StrCat(counts.done, "/", counts.total, " ", noun)};
  if (seconds > 0) {
    if (counts.has_pages) {
      parts.push_back(absl::StrFormat("%.1f pages/s", static_cast<double>(counts.pages) / seconds));
    }
    parts.push_back(absl::StrCat(
        BytesText(static_cast<uint64_t>(static_cast<double>(counts.bytes) / seconds)), "/s"));
  }
  if (seconds >= kSecondsToGuess && share >= kShareToGuess) {
    parts.push_back(DurationText(seconds * (1 - share) / share) + " left");
  }
  std::string line;
  for (const std::string& part : parts) {
    const size_t more = (line.empty() ? 0 : 2) + WidthOf(part);
    if (WidthOf(line) + more > columns) return line;
    absl::StrAppend(&line, line.empty() ? "" : "  ", part);
  }
  const size_t used = WidthOf(line) + 2;
  if (!current.empty() && used + kLeastName <= columns) {
    absl::StrAppend(&line, "  ", FitWidth(current, columns - used));
  }
  return line;
}

Progress::Progress(std::string noun, bool quiet, std::function<ProgressCounts()> counts)
    : noun_(std::move(noun)),
      quiet_(quiet),
      bar_(!quiet && TerminalColumns(STDERR_FILENO) > 0),
      counts_(std::move(counts)),
      start_(absl::Now()) {
  if (bar_) thread_ = std::thread([this] { Run(); });
}

Progress::~Progress() {
  if (!bar_) return;
  {
    absl::MutexLock lock(&mu_);
    end_ = true;
  }
  thread_.join();
  absl::MutexLock lock(&mu_);
  Erase();
}

void Progress::Run() {
  absl::MutexLock lock(&mu_);
  while (!mu_.AwaitWithTimeout(absl::Condition(&end_), kRedraw)) Draw();
}

void Progress::Draw() {
  const size_t columns = TerminalColumns(STDERR_FILENO);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  const std::string line =
      ProgressLine(counts_(), noun_, seconds, current_, columns > 1 ? columns - 1 : 79);
  fprintf(stderr, "\r\x1b[K%s", line.c_str());
  fflush(stderr);
}

void Progress::Erase() {
  fputs("\r\x1b[K", stderr);
  fflush(stderr);
}

void Progress::Current(std::string name) {
  absl::MutexLock lock(&mu_);
  current_ = std::move(name);
}

void Progress::Line(const std::string& text) {
  if (quiet_ || bar_) return;
  absl::MutexLock lock(&mu_);
  puts(text.c_str());
  fflush(stdout);
}

void Progress::Warn(const std::string& text) {
  absl::MutexLock lock(&mu_);
  if (bar_) Erase();
  fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace cbzfs
