// From a command line, SRC... DEST, to what becomes what, with all that can be seen to be
// impossible refused before anything is touched.
//
// One thread.

#ifndef CBZFS_FS_MOVE_PLAN_H_
#define CBZFS_FS_MOVE_PLAN_H_

#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/worker/unique_fd.h"
#include "fs/move/entry.h"
#include "fs/move/survey.h"

namespace cbzfs {

struct PlannedMove {
  Entry from;
  Entry to;
  bool done = false;    // the source is gone and the destination is there: an earlier run's work
  bool copies = false;  // else a renaming is expected to do
  bool exists = false;  // something is there already
  SurveyTotals totals;  // where it copies
};

struct MovePlan {
  std::deque<UniqueFd> folders;  // those that the entries are in
  std::vector<PlannedMove> moves;
};

// `paths`: at least two. DEST is a folder that is there, or the new name of the only SRC; of a
// folder that an earlier run has put at its new name, DEST still is that name. kInvalidArgument:
// the command line makes no sense (into itself, two names of one file, two SRC of one name);
// kNotFound: no such SRC, or no folder for DEST; others: it could not be done.
absl::StatusOr<MovePlan> PlanMove(const std::vector<std::string>& paths);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_PLAN_H_
