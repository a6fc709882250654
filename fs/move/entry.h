// A name in an open folder, and what stands there.
//
// Everything here goes by open folders, not by paths: a folder of the tree that somebody replaces
// by a link meanwhile leads nowhere else. Links are never followed.
//
// Functions of plain values and system calls: any thread.

#ifndef CBZFS_FS_MOVE_ENTRY_H_
#define CBZFS_FS_MOVE_ENTRY_H_

#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {

struct Entry {
  int folder = -1;   // not owned
  std::string name;  // one component
  std::string path;  // for messages

  // Of the folder that this is and that is open as `fd`.
  Entry Child(int fd, const std::string& child) const;
};

// 0 or an errno.
int StatEntry(const Entry& entry, struct stat* st);

// For reading, without a trace in the time of access where that is allowed. Invalid: see errno.
UniqueFd OpenFile(const Entry& entry);
UniqueFd OpenFolder(const Entry& entry);

// In the order of their bytes. `path` is for the message.
absl::StatusOr<std::vector<std::string>> NamesOf(int folder, const std::string& path);

bool IsSameFile(const struct stat& a, const struct stat& b);

// Neither bytes nor metadata have changed. What has several names gets a new time of change when
// one of them is removed, so there it tells nothing.
bool IsUnchanged(const struct stat& then, const struct stat& now);

// Renames; 0 or an errno. Without `replace` what is there stays, and it is EEXIST.
int Rename(const Entry& from, const Entry& to, bool replace);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_ENTRY_H_
