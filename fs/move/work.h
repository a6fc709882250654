// What all parts of a move share: its settings, its counts, and whom to tell.
//
// The counts and `stop` may be read and set from any thread; the callbacks are called on the thread
// that moves.

#ifndef CBZFS_FS_MOVE_WORK_H_
#define CBZFS_FS_MOVE_WORK_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace cbzfs {

struct MoveSettings {
  bool force = false;  // replace files that are there and differ
  bool verify = true;  // read copies back
};

struct MoveCounts {
  std::atomic<uint64_t> renamed = 0;  // files, links and folders that were renamed as they are
  std::atomic<uint64_t> copied = 0;   // files and links that were copied
  std::atomic<uint64_t> there = 0;    // files and links that had been there already
  std::atomic<uint64_t> failed = 0;   // failures that were told
  std::atomic<uint64_t> bytes = 0;    // of content that was copied, holes left out
  std::atomic<uint64_t> read = 0;     // bytes of progress: copied, verified or compared
  // Files and folders of which the new file system could not keep these.
  std::atomic<uint64_t> lost_owners = 0;
  std::atomic<uint64_t> lost_modes = 0;
  std::atomic<uint64_t> lost_attributes = 0;
  std::atomic<uint64_t> lost_times = 0;
};

struct MoveWork {
  MoveSettings settings;
  MoveCounts counts;
  std::atomic<bool> stop = false;
  std::function<void(const std::string& path)> on_current = [](const std::string&) {};
  std::function<void(const std::string& line)> on_done = [](const std::string&) {};
  std::function<void(const std::string& message)> on_failure = [](const std::string&) {};
};

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_WORK_H_
