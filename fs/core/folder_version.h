// A folder of images as it was when it was looked at: one version of the book that it is.
//
// The version covers the name and the key of every file of the book, so whatever comes, goes or
// changes makes another one. Looking is one readdir and a stat for each file; no image is read.
//
// Threads: any. Versions are immutable.

#ifndef CBZFS_FS_CORE_FOLDER_VERSION_H_
#define CBZFS_FS_CORE_FOLDER_VERSION_H_

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cache/index.h"
#include "fs/core/error_log.h"
#include "fs/core/library.h"
#include "fs/core/options.h"

namespace cbzfs {

struct FolderVersion {
  struct File {
    std::string path;   // in the library
    std::string entry;  // its name in an archive
    SourceKey key;
  };
  using Pointer = std::shared_ptr<const FolderVersion>;

  std::string path;  // of the folder
  std::string name;  // the last part of that: the book's title where nothing else says one
  // Of the folder, as a file: with the latest time of it and its files, and readable for whoever may
  // read the folder and all of them.
  struct stat st = {};
  // What two versions have to share to be the same, as of a file: the folder, the sum of all
  // lengths, the latest time, and in place of the change time a hash over all names and keys.
  SourceKey key;
  // Over the names and lengths: the same for a copy of the folder on another host.
  uint64_t fingerprint = 0;
  bool has_info = false;  // the first file is a ComicInfo.xml; all others are images
  std::vector<File> files;  // in the order of the archive

  size_t images() const { return files.size() - (has_info ? 1 : 0); }
};

// ComicInfo.xml of a book whose folder has none. The lengths of images are said where the archive
// has them as they are.
std::string ComicInfoOf(const FolderVersion& folder, bool image_sizes);

class FolderReader {
 public:
  FolderReader(const Library* library, ErrorLog* errors, const Options& options)
      : library_(library),
        errors_(errors),
        show_hidden_(options.show_hidden),
        max_pages_(options.analyse.max_pages) {}

  // The book that the folder at `path` is now, without what `hides` says of a path. ENOENT where it
  // is none (folder_contents.h). What is left out of the book because nobody lets us read it, or
  // because it is too long for an archive, is listed in the ErrorLog; so is a folder of too many
  // images.
  using Hides = std::function<bool(std::string_view path)>;
  absl::StatusOr<FolderVersion::Pointer> Read(const std::string& path, const Hides& hides);

 private:
  // Of a file of the folder; nothing where it is not to be in the book.
  absl::StatusOr<struct stat> Look(const HeldFolder& here, const SourceName& name,
                                   const std::string& path);
  void LeaveOut(const std::string& path, const std::string& reason, const std::string& advice);
  void TakeBack(const std::string& path);

  const Library* const library_;
  ErrorLog* const errors_;
  const bool show_hidden_;
  const uint32_t max_pages_;
  // Paths that have a line in the list, so that it goes when they are well again.
  std::atomic<bool> any_left_out_ = false;
  absl::Mutex mu_;
  absl::flat_hash_set<std::string> left_out_ ABSL_GUARDED_BY(mu_);
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_FOLDER_VERSION_H_
