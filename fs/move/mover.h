// Moves one file, link or folder: renamed where that is possible; else copied, verified, brought to
// the disk, put in place, and only then is the source removed.
//
// Ended at any point, by a failure, a signal or a loss of power, it leaves the source or the copy
// whole, and a second run goes on from there: what is in place and equal is not copied again. A
// folder that is there is merged with, file by file.
//
// One thread.

#ifndef CBZFS_FS_MOVE_MOVER_H_
#define CBZFS_FS_MOVE_MOVER_H_

#include <sys/stat.h>

#include <cstdint>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/move/entry.h"
#include "fs/move/work.h"

namespace cbzfs {

class Mover {
 public:
  explicit Mover(MoveWork* work) : work_(work) {}

  // Whether `from` is gone and all of it is at `to`. Otherwise what failed has been told, unless
  // work->stop is set.
  bool Move(const Entry& from, const Entry& to);

 private:
  enum class How : uint8_t { kRenamed, kCopied, kThere, kMerged, kPartly };

  bool MoveAny(const Entry& from, const Entry& to);
  absl::StatusOr<How> Try(const Entry& from, const Entry& to);
  absl::StatusOr<How> TryAgainst(const Entry& from, const struct stat& st, const Entry& to,
                                 const struct stat& there);
  absl::StatusOr<How> Merge(const Entry& from, const Entry& to);
  absl::StatusOr<How> Copy(const Entry& from, const struct stat& st, const Entry& to, bool replace);
  absl::StatusOr<How> CopyOne(const Entry& from, const struct stat& st, const Entry& to,
                              bool replace);
  absl::StatusOr<How> CopyTree(const Entry& from, const Entry& to, const struct stat& into);
  void CleanOnce(const Entry& to, const struct stat& folder);

  MoveWork* const work_;
  std::set<std::pair<dev_t, ino_t>> cleaned_;  // folders without leftovers
};

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_MOVER_H_
