// What is wrong with the library now, once each: the lines of `.cbzfs/errors`; and what went wrong,
// once each, in the log.
//
// A failure is a file (relative to the library), a page (1-based, 0: the whole file), a reason, and
// what the user can do. The same failure reported again is neither listed nor logged twice, until
// it is taken back: because the file was replaced by a good one (Clear), or because an accident was
// over and the page could be made (Withdraw). So the list is what an administrator has still to
// look after; the log keeps the history.
//
// Bounded in lines and in bytes: the oldest lines go first, and the file then says how many. Paths
// are escaped, so a newline in a name cannot forge a line.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_ERROR_LOG_H_
#define CBZFS_FS_CORE_ERROR_LOG_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

namespace cbzfs {

class ErrorLog {
 public:
  // Longer ones are cut, after escaping: no reason of ours is longer, but one may begin with the
  // name of an archive's entry.
  static constexpr size_t kMaxReasonBytes = 1500;
  static constexpr size_t kMaxAdviceBytes = 300;

  explicit ErrorLog(size_t max_lines = 10'000, size_t max_bytes = 8 << 20)
      : max_lines_(max_lines), max_bytes_(max_bytes) {}

  // `outcome` is what somebody who reads the page or the file gets; it stands in the log alone.
  void Report(std::string_view path, uint32_t page, std::string_view reason,
              std::string_view advice = {}, std::string_view outcome = {});

  // The file was found sound again (replaced by a good one): its lines go.
  void Clear(std::string_view path);

  // This failure is over: its line goes, and it would be a new one if it came again.
  void Withdraw(std::string_view path, uint32_t page, std::string_view reason);

  // One failure a line: path, page ("-" for the whole file), reason and advice, separated by tabs.
  std::string Text() const;

  uint64_t size() const;

 private:
  struct Line {
    std::string path;     // escaped
    std::string failure;  // page and reason: with the path, what it is known by
    std::string advice;
    std::string Key() const { return path + '\t' + failure; }
    size_t bytes() const { return path.size() + failure.size() + advice.size(); }
  };
  static Line MakeLine(std::string_view path, uint32_t page, std::string_view reason);
  // Takes note that the line leaves lines_.
  void Forget(const Line& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t max_lines_;
  const size_t max_bytes_;
  mutable absl::Mutex mu_;
  std::deque<Line> lines_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<std::string> seen_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, size_t> lines_of_ ABSL_GUARDED_BY(mu_);  // by path
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t dropped_ ABSL_GUARDED_BY(mu_) = 0;
};

// Control characters, backslashes and bytes that are no UTF-8 as \\ or \xHH; so
// "a\nb" becomes "a\x0ab".
std::string Escape(std::string_view bytes);

// Valid UTF-8 cut at a character, with "..." at the end, so that it has at most `max_bytes`.
std::string Shorten(std::string text, size_t max_bytes);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_ERROR_LOG_H_
