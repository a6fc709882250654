// The mounts of cbzfs on this machine, as the kernel lists them, and who uses one.
//
// Nothing here asks the mounted program, which may hang or be gone. Any thread.

#ifndef CBZFS_FS_COMMAND_MOUNTS_H_
#define CBZFS_FS_COMMAND_MOUNTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cbzfs {

struct MountedAt {
  uint64_t id = 0;    // of the mount, as in mountinfo and fdinfo
  std::string point;  // absolute
};

// The mounts of type fuse.cbzfs in a text of the form of /proc/self/mountinfo (proc(5)), those made
// later behind those before.
std::vector<MountedAt> MountsIn(std::string_view mountinfo);

// `path`, which need not answer a stat, without "." and ".." and with the links of the folders
// above it resolved.
std::string AbsolutePath(const std::string& path);

// The mount of cbzfs whose mount point is `path`, and the one that `path` lies in, itself included.
std::optional<MountedAt> FindMountAt(const std::string& path);
std::optional<MountedAt> FindMountAbove(const std::string& path);
bool IsStillMounted(const MountedAt& mount);

// A process that keeps a mount busy: has a file of it open or mapped, or works in one of its
// folders. Those of other users are seen by root alone.
struct User {
  int pid = 0;
  std::string name;
  std::string path;  // the first that was found
};
std::vector<User> UsersOf(const MountedAt& mount);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_MOUNTS_H_
