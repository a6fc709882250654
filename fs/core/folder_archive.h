// The archive of a folder's files as they are, held open: bytes of the files come from these, and
// what a header needs to say of their CRC-32 is found out when it is read.
//
// One handle sees one version of the folder: EIO when a file that is wanted is another by now.
//
// Threads: any. Reads of headers whose CRCs are not known are answered by the thread of FileCrcs.

#ifndef CBZFS_FS_CORE_FOLDER_ARCHIVE_H_
#define CBZFS_FS_CORE_FOLDER_ARCHIVE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "codecs/zip/file_archive.h"
#include "fs/core/file_crcs.h"
#include "fs/core/folder_files.h"
#include "fs/core/node.h"

namespace cbzfs {

class FolderArchive : public OpenFile {
 public:
  // `keeper` owns `crcs`. Statuses as of FileArchive::Create().
  static absl::StatusOr<std::shared_ptr<FolderArchive>> Create(
      std::shared_ptr<const FolderFiles> files, FileCrcs* crcs,
      std::shared_ptr<const void> keeper);

  std::shared_ptr<ReadWait> Read(uint64_t offset, size_t size, ReadDone done) override;

  uint64_t size() const { return archive_->size(); }

 private:
  class Operation;

  FolderArchive(std::shared_ptr<const FolderFiles> files,
                std::shared_ptr<const FileArchive> archive, FileCrcs* crcs,
                std::shared_ptr<const void> keeper);

  const std::shared_ptr<const void> keeper_;
  const std::shared_ptr<const FolderFiles> files_;
  const std::shared_ptr<const FileArchive> archive_;
  const uint32_t text_crc_;  // of the first entry, where that is a text of ours
  FileCrcs* const crcs_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_FOLDER_ARCHIVE_H_
