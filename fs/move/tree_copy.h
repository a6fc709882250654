// A folder with all that is in it, copied beside the place where it belongs; and the source removed
// when the copy is in that place.
//
// One thread.

#ifndef CBZFS_FS_MOVE_TREE_COPY_H_
#define CBZFS_FS_MOVE_TREE_COPY_H_

#include <sys/stat.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "fs/move/entry.h"
#include "fs/move/work.h"

namespace cbzfs {

// What was copied, as it was then.
struct CopiedEntry {
  std::string name;
  struct stat st = {};
  std::vector<CopiedEntry> inside;  // of a folder
};

// For one tree. What a run that ended early has copied already is compared and kept, and what has
// gone from the source meanwhile is removed from the copy, so that it becomes the source as it is
// now. Hard links within the tree are kept. Every folder is on the disk afterwards.
class TreeCopier {
 public:
  // `root`: of the copy, which need not be there. `into`: the folder in which it will be, which
  // must not be in the source.
  TreeCopier(const Entry& root, const struct stat& into, MoveWork* work)
      : root_(root), into_(into), work_(work) {}

  absl::StatusOr<CopiedEntry> Copy(const Entry& from);

 private:
  absl::StatusOr<CopiedEntry> CopyAny(const Entry& from, const Entry& to, const std::string& where);
  absl::StatusOr<CopiedEntry> CopyFolder(const Entry& from, const Entry& to,
                                         const std::string& where);
  absl::Status CopyInside(int from_fd, const Entry& from, int to_fd, const Entry& to,
                          const std::string& where, CopiedEntry* folder);
  // Whether it is there now, as a link to one that was copied.
  absl::StatusOr<bool> LinkToCopied(const struct stat& st, const Entry& to,
                                    const std::string& where);

  const Entry root_;
  const struct stat into_;
  MoveWork* const work_;
  dev_t device_ = 0;  // of the source
  // Of files with several names: the path in the copy, relative to the folder of its root.
  std::map<std::pair<dev_t, ino_t>, std::string> linked_;
};

// Removes what was copied and nothing else: what was changed or added since stays, and is the
// failure, after all the rest has been removed.
absl::Status RemoveCopied(const Entry& from, const CopiedEntry& copied, const MoveWork& work);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_TREE_COPY_H_
