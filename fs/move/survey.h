// A look at what would have to be copied, before anything is: how much it is, and whether something
// in it makes it impossible.
//
// One thread.

#ifndef CBZFS_FS_MOVE_SURVEY_H_
#define CBZFS_FS_MOVE_SURVEY_H_

#include <sys/stat.h>

#include <cstdint>

#include "absl/status/status.h"
#include "fs/move/entry.h"

namespace cbzfs {

struct SurveyTotals {
  uint64_t files = 0;  // and links
  uint64_t bytes = 0;
};

// A file, link or folder to be copied into the folder `into`. Refused (kFailedPrecondition): FIFOs,
// sockets and devices, folders in which other file systems are mounted, and `into` itself. What may
// not be read or removed is kPermissionDenied or the like. Adds to `totals`.
absl::Status Survey(const Entry& from, const struct stat& into, SurveyTotals* totals);

// OK, or why this kind of file cannot be copied.
absl::Status CheckKind(const Entry& entry, const struct stat& st);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_SURVEY_H_
