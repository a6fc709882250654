#include "fs/fuse/stderr_capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace cbzfs {

StderrCapture::StderrCapture() {
  int ends[2];
  // Non-blocking: a flood is cut off rather than waited for.
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
  saved_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  read_end_ = ends[0];
  fflush(stderr);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
}

StderrCapture::~StderrCapture() { Finish(); }

std::string StderrCapture::Finish() {
  if (read_end_ < 0) return "";
  fflush(stderr);
  // Closed before, it stays closed.
  if (saved_ >= 0) {
    dup2(saved_, STDERR_FILENO);
    close(std::exchange(saved_, -1));
  } else {
    close(STDERR_FILENO);
  }
  std::string text;
  char chunk[4096];
  for (ssize_t got; (got = read(read_end_, chunk, sizeof(chunk))) > 0;) {
    text.append(chunk, static_cast<size_t>(got));
  }
  close(std::exchange(read_end_, -1));
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(line);
    if (!stripped.empty()) lines.emplace_back(stripped);
  }
  return absl::StrJoin(lines, "; ");
}

}  // namespace cbzfs
