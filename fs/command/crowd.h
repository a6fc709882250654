// Several threads that take numbers from 0 on, each once, until all are taken or one says stop.
//
// Main thread.

#ifndef CBZFS_FS_COMMAND_CROWD_H_
#define CBZFS_FS_COMMAND_CROWD_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace cbzfs {

// Calls `work` for each number below `count`, on `threads` threads, until `stop` is set. Returns
// when all have ended.
inline void ForEachOfMany(size_t count, size_t threads, const std::atomic<bool>& stop,
                          const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::vector<std::thread> crowd;
  for (size_t i = 0; i < threads && i < count; ++i) {
    crowd.emplace_back([&] {
      for (size_t number = next++; number < count && !stop; number = next++) work(number);
    });
  }
  for (std::thread& thread : crowd) thread.join();
}

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_CROWD_H_
