// The mounts of this machine, as the kernel lists them: /proc/self/mountinfo, proc(5).
//
// Pure function: any thread.

#ifndef CBZFS_FS_MOUNTINFO_H_
#define CBZFS_FS_MOUNTINFO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cbzfs {

struct MountLine {
  std::optional<uint64_t> id;  // none where the line has no number
  std::string point;           // absolute, unescaped
  std::string type;            // "fuse.cbzfs"
};

// In the order of the text: those made later come behind, and cover those before. What is no such
// line is passed over.
std::vector<MountLine> ParseMountinfo(std::string_view mountinfo);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOUNTINFO_H_
