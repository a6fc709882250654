// A file that appears under its name whole or not at all.
//
// It has no name while it is written (O_TMPFILE), so nothing is left behind whatever ends the
// program; only between finishing it and its taking the place of an older one does it have a hidden
// name for a moment. Where the file system has no such files it has that name all the while, and
// RemoveLeftovers() takes away what a killed run left. The name's owner holds a lock (flock) on it,
// so files of runs that go on are left alone.
//
// One thread.

#ifndef CBZFS_FS_COMMAND_ATOMIC_FILE_H_
#define CBZFS_FS_COMMAND_ATOMIC_FILE_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {

class AtomicFile {
 public:
  // In the folder at `folder`, to be called `name` there. `may_be_nameless`: else it has its hidden
  // name from the start.
  static absl::StatusOr<std::unique_ptr<AtomicFile>> Create(const std::string& folder,
                                                            const std::string& name,
                                                            bool may_be_nameless = true);
  ~AtomicFile();  // unless it was finished, nothing is left of it
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // All of `bytes`, or a failure: kResourceExhausted where there is no room.
  absl::Status Write(uint64_t offset, std::string_view bytes);

  // What was written, with this time, on the disk and under its name.
  absl::Status Finish(const timespec& mtime);

 private:
  AtomicFile(UniqueFd folder, std::string name, std::string path)
      : folder_(std::move(folder)), name_(std::move(name)), path_(std::move(path)) {}
  absl::Status Open(bool may_be_nameless);
  absl::Status Failed(const char* what, int error) const;

  const UniqueFd folder_;
  const std::string name_;
  const std::string path_;  // for messages
  UniqueFd fd_;
  std::string hidden_name_;  // empty: it has none
};

// What killed runs have left in a folder; returns how many files it took away.
int RemoveLeftovers(const std::string& folder);

// A new link `name` to `target` in `folder`, in the place of whatever file was there.
absl::Status ReplaceLink(const std::string& folder, const std::string& name,
                         const std::string& target);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_ATOMIC_FILE_H_
