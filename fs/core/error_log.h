// What went wrong, once each: the lines of `.cbzfs/errors` and of the log.
//
// A failure is a file (relative to the library), a page (1-based, 0: the whole file) and a reason.
// The same failure reported again is neither listed nor logged twice. Bounded: the oldest lines go
// first, and the file then says how many. Paths are escaped, so a newline in a name cannot forge a
// line.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_ERROR_LOG_H_
#define CBZFS_FS_CORE_ERROR_LOG_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

namespace cbzfs {

class ErrorLog {
 public:
  explicit ErrorLog(size_t max_lines = 10'000) : max_lines_(max_lines) {}

  void Report(std::string_view path, uint32_t page, std::string_view reason);

  // The file was found sound again (replaced by a good one): its lines go.
  void Clear(std::string_view path);

  // One failure a line: path, page ("-" for the whole file) and reason, separated by tabs.
  std::string Text() const;

  uint64_t size() const;

 private:
  struct Line {
    std::string path;  // escaped
    std::string rest;
  };

  const size_t max_lines_;
  mutable absl::Mutex mu_;
  std::deque<Line> lines_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<std::string> seen_ ABSL_GUARDED_BY(mu_);
  uint64_t dropped_ ABSL_GUARDED_BY(mu_) = 0;
};

// Control characters, backslashes and bytes that are no UTF-8 as \\ or \xHH; so
// "a\nb" becomes "a\x0ab".
std::string Escape(std::string_view bytes);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_ERROR_LOG_H_
