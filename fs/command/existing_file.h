// A file that is there already: whether it is what would be written.
//
// One thread.

#ifndef CBZFS_FS_COMMAND_EXISTING_FILE_H_
#define CBZFS_FS_COMMAND_EXISTING_FILE_H_

#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "codecs/worker/unique_fd.h"
#include "fs/core/node.h"

namespace cbzfs {

class ExistingFile {
 public:
  // A path where there is no regular file (a link is none) has nothing.
  explicit ExistingFile(const std::string& path);

  int fd() const { return fd_.get(); }
  uint64_t bytes() const { return static_cast<uint64_t>(st_.st_size); }
  bool HasTime(const timespec& mtime) const;
  // Of all its bytes.
  bool HasCrc(uint32_t crc) const;
  // The central directory of the archive `file`, which is of the same length, and its end record.
  // The CRCs in there follow from the source and the options, so no page has to be made to tell.
  bool EndsAs(OpenFile* file) const;

 private:
  UniqueFd fd_;
  struct stat st_ = {};
};

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_EXISTING_FILE_H_
