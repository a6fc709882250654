// The page tables of folders that are books: put together from those of their images, which are
// analysed one by one and remembered as loose images are (documents.h).
//
// The rows of a table are the entries of FolderFiles, in the same order: images, and besides them
// what is handed on as it is: ComicInfo.xml, and files that are named like images and are none. The
// latter are read for their CRC-32 (file_crcs.h) when a table is made; images are not.
//
// Threads: any. Callbacks come from inside the call when the answer is at hand, else from the
// worker pool's thread or that of the CRCs.

#ifndef CBZFS_FS_CORE_FOLDER_COMICS_H_
#define CBZFS_FS_CORE_FOLDER_COMICS_H_

#include <memory>
#include <optional>
#include <string>

#include "cache/lru_cache.h"
#include "cache/single_flight.h"
#include "fs/core/documents.h"
#include "fs/core/file_crcs.h"
#include "fs/core/folder_files.h"
#include "fs/core/folder_version.h"
#include "fs/core/options.h"

namespace cbzfs {

class FolderComics {
 public:
  using Pointer = Documents::Pointer;
  using Done = Documents::Done;

  // All outlive this.
  FolderComics(const Library* library, Documents* documents, FileCrcs* crcs, ErrorLog* errors,
               const Options& options)
      : library_(library),
        documents_(documents),
        crcs_(crcs),
        errors_(errors),
        comic_info_(options.layout.comic_info),
        reader_(library, errors, options),
        tables_(kTableBytes) {}

  FolderReader& reader() { return reader_; }

  // The folder's files, to be read. `as_they_are`: for the cbz view, whose ComicInfo.xml says how
  // long the images are.
  std::shared_ptr<const FolderFiles> FilesOf(const FolderVersion::Pointer& folder,
                                             bool as_they_are) const;
  // The size of the archive of the files as they are.
  absl::StatusOr<uint64_t> BytesOf(const FolderVersion& folder) const;

  // The table, `enhanced` with the slots of enhanced pages; null where it is not at hand.
  Pointer Find(const FolderVersion& folder, bool enhanced);
  // The same, made if need be. kAborted when a file changed meanwhile: look again.
  void Get(const FolderVersion::Pointer& folder, bool enhanced, Priority priority, Done done);

 private:
  class Gathering;

  // 1 000 books of 100 pages.
  static constexpr uint64_t kTableBytes = 16 << 20;

  static DocumentRef RefOf(const FolderVersion& folder, bool enhanced) {
    return {.key = folder.key,
            .format = SourceFormat::kFolder,
            .enhanced = enhanced,
            .sidecar = nullptr};
  }
  std::string InfoOf(const FolderVersion& folder, bool image_sizes) const;
  Pointer Keep(const DocumentRef& ref, Pointer table);

  const Library* const library_;
  Documents* const documents_;
  FileCrcs* const crcs_;
  ErrorLog* const errors_;
  const bool comic_info_;
  FolderReader reader_;
  LruCache<DocumentRef, KnownDocument> tables_;
  SingleFlight<DocumentRef, KnownDocument> flights_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_FOLDER_COMICS_H_
