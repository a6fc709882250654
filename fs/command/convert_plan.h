// What `cbzfs convert SRC... DEST` will read and where it will write, and what it refuses at once.
//
// Main thread; looks at the file system.

#ifndef CBZFS_FS_COMMAND_CONVERT_PLAN_H_
#define CBZFS_FS_COMMAND_CONVERT_PLAN_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace cbzfs {

// A folder that is read as a library.
struct ConvertSource {
  std::string library;             // absolute
  std::vector<std::string> files;  // only these of its files; empty: all of the tree
  std::string target;              // the folder that its top becomes, absolute
  std::string target_name;         // what the one file shall be called; empty: as in a mount
};

struct ConvertPlan {
  std::vector<ConvertSource> sources;
  // Device and inode of each SRC that is a file, and of each SRC folder.
  std::vector<std::pair<dev_t, ino_t>> source_files;
  std::vector<std::pair<dev_t, ino_t>> source_folders;

  // Nothing is written to a SRC folder or what is in it.
  bool IsInSource(const std::string& folder) const;
  // Nor over a SRC file.
  bool IsSourceFile(const std::string& path) const;
};

// `paths` as typed, the last one being DEST; two at least. `one_file`: a SRC file becomes one file,
// so DEST may be its name. kInvalidArgument with a message for the user; kNotFound: there is no
// such SRC.
absl::StatusOr<ConvertPlan> PlanConvert(const std::vector<std::string>& paths, bool one_file);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_CONVERT_PLAN_H_
