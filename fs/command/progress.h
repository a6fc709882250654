// How far a long command has come: one line on a terminal, drawn again and again; plain lines
// elsewhere.
//
// On a terminal (standard error is one) the line is redrawn five times a second by a thread of its
// own, and what is to be said about one file is left out unless it is a warning. Elsewhere each
// file has its line on standard output, and warnings go to standard error.
//
// Threads: any, between construction and destruction.

#ifndef CBZFS_FS_COMMAND_PROGRESS_H_
#define CBZFS_FS_COMMAND_PROGRESS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace cbzfs {

struct ProgressCounts {
  uint64_t done = 0;      // files
  uint64_t total = 0;     // files
  double share = 0;       // of all the work, 0 to 1
  uint64_t pages = 0;     // made since the beginning
  uint64_t bytes = 0;     // of result, since the beginning
  bool has_pages = true;  // else the line says nothing of them
};

// "[####----] 3/12 books  41.2 pages/s  12 MiB/s  0:42 left  Foo.cbz", at most `columns` wide; what
// has no room is left out from the right, but for the last part, which is shortened first.
std::string ProgressLine(const ProgressCounts& counts, const std::string& noun, double seconds,
                         const std::string& current, size_t columns);

class Progress {
 public:
  // `noun` of the files in the plural ("books"). `counts` is called from any thread.
  Progress(std::string noun, bool quiet, std::function<ProgressCounts()> counts);
  ~Progress();  // takes the line away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // What is worked on now; shown at the end of the line.
  void Current(std::string name);
  // About one file, on no terminal.
  void Line(const std::string& text);
  // Always, unless there is nobody: above the line on a terminal, else on standard error.
  void Warn(const std::string& text);

 private:
  void Run();
  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Erase() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string noun_;
  const bool quiet_;
  const bool bar_;
  const std::function<ProgressCounts()> counts_;
  const absl::Time start_;
  absl::Mutex mu_;
  bool end_ ABSL_GUARDED_BY(mu_) = false;
  std::string current_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_PROGRESS_H_
