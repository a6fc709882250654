// Opening a path that shall not lead out of a folder, whoever moves links and folders meanwhile.
//
// The kernel does it (openat2 with RESOLVE_BENEATH, Linux 5.6). Where that call is not let through
// (an older container's filter, valgrind 3.19) the path is walked here, one O_NOFOLLOW step after
// another, with the same outcome: each step starts at a folder that is held open, ".." goes back to
// the one it came from, and none goes above the root.
//
// Functions of plain values: any thread.

#ifndef CBZFS_FS_CORE_OPEN_BENEATH_H_
#define CBZFS_FS_CORE_OPEN_BENEATH_H_

#include <string>

namespace cbzfs {

enum class Links : bool { kRefuse, kFollow };

// Opens `path`, relative to the folder `root`; "" is the root itself. `flags` as of open(2);
// O_CLOEXEC is added. Returns a descriptor, or -1 and errno: EXDEV for what leads out, ELOOP for a
// link that is not to be followed.
int OpenBeneath(int root, const std::string& path, int flags, Links links);

// The second way alone, for tests.
int WalkBeneath(int root, const std::string& path, int flags, Links links);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_OPEN_BENEATH_H_
