// The entries of a folder's book, open for reading: each file is opened when it is wanted and let go
// again, so that a book of thousands of images costs a handle a few descriptors.
//
// One object is one version. A file that is not there any more, or is another, is EIO: never a mix
// of versions. What else keeps a file from being read is listed in the ErrorLog.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_FOLDER_FILES_H_
#define CBZFS_FS_CORE_FOLDER_FILES_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "codecs/zip/file_archive.h"
#include "fs/core/error_log.h"
#include "fs/core/folder_version.h"
#include "fs/core/library.h"

namespace cbzfs {

class FolderFiles {
 public:
  // `info`: the text of a ComicInfo.xml that stands before the files; "" for none. `library` and
  // `errors` outlive this.
  FolderFiles(const Library* library, ErrorLog* errors, FolderVersion::Pointer folder,
              std::string info)
      : library_(library),
        errors_(errors),
        folder_(std::move(folder)),
        info_(std::move(info)),
        lead_(info_.empty() ? 0 : 1) {}

  const FolderVersion& folder() const { return *folder_; }

  // Entries count from 0, the text among them.
  std::vector<ArchivedFile> Entries() const;
  // The text where the entry is that; null for a file.
  const std::string* Text(uint32_t entry) const {
    return entry < lead_ ? &info_ : nullptr;
  }
  const FolderVersion::File& File(uint32_t entry) const { return folder_->files[entry - lead_]; }

  // Of a file.
  absl::StatusOr<std::shared_ptr<const SourceFile>> Open(uint32_t entry) const;
  // Exactly `size` bytes, all of this version.
  absl::Status Read(uint32_t entry, uint64_t offset, size_t size, char* out) const;
  // Whether the file is still what it was, by its path.
  bool IsCurrent(uint32_t entry) const;

 private:
  // Whoever reads on finds the file open that they just read.
  static constexpr size_t kKept = 2;
  struct Kept {
    uint32_t entry = UINT32_MAX;
    std::shared_ptr<const SourceFile> file;
  };

  absl::Status Failed(uint32_t entry, const absl::Status& failure) const;

  const Library* const library_;
  ErrorLog* const errors_;
  const FolderVersion::Pointer folder_;
  const std::string info_;
  const size_t lead_;
  mutable absl::Mutex mu_;
  mutable std::array<Kept, kKept> kept_ ABSL_GUARDED_BY(mu_);
  mutable size_t next_ ABSL_GUARDED_BY(mu_) = 0;
};

// FolderFiles::Entries() of what would be open.
std::vector<ArchivedFile> EntriesOf(const FolderVersion& folder, const std::string& info);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_FOLDER_FILES_H_
