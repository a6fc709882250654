// Reads the first pages of a CBZ as a reader would, so that whoever serves it has them at hand.
//
// Any thread.

#ifndef CBZFS_FS_COMMAND_FIRST_PAGES_H_
#define CBZFS_FS_COMMAND_FIRST_PAGES_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace cbzfs {

struct PagesRead {
  uint64_t pages = 0;
  uint64_t bytes = 0;  // of data that was read
};

// The directory at the end of the archive open at `fd`, and the data of the first `pages` images,
// from local header to local header. An archive whose local headers lack sizes is read as far as
// that goes.
absl::StatusOr<PagesRead> ReadFirstPages(int fd, uint64_t file_bytes, uint64_t pages);

// All of the file at `fd`; it counts as one page.
absl::StatusOr<PagesRead> ReadWhole(int fd);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_FIRST_PAGES_H_
