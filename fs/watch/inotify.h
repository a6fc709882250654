// The system calls that FolderWatcher makes, so that its tests can have them fail and can make up
// events.
//
// Threads: any.

#ifndef CBZFS_FS_WATCH_INOTIFY_H_
#define CBZFS_FS_WATCH_INOTIFY_H_

#include <cstdint>
#include <memory>

namespace cbzfs {

class Inotify {
 public:
  virtual ~Inotify() = default;
  // A new descriptor that events (inotify(7)) are read from; a negative errno when there is none.
  // The caller closes it.
  virtual int Open() = 0;
  // A watch on the folder behind a descriptor, the same one if it has one already; a negative errno
  // when that fails.
  virtual int Add(int inotify, int folder) = 0;
  virtual void Remove(int inotify, int watch) = 0;
  // statfs' f_type of what the folder is on; 0 when it cannot be told.
  virtual int64_t FileSystemType(int folder) = 0;
};

std::unique_ptr<Inotify> RealInotify();

}  // namespace cbzfs

#endif  // CBZFS_FS_WATCH_INOTIFY_H_
