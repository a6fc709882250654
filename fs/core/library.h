// The library on disk: everything cbzfs reads of it passes through here. Nothing is ever written.
//
// Paths are relative to the library's root, "" being the root itself, without "." or "..". They are
// resolved beneath the root and never through a symbolic link (open_beneath.h), so that no
// rename or link made while the mount runs leads out of the library.
//
// Threads: any. Calls are ordinary system calls: they wait for the disk, never for a worker.
// Statuses carry the errno (errno_status.h).

#ifndef CBZFS_FS_CORE_LIBRARY_H_
#define CBZFS_FS_CORE_LIBRARY_H_

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cache/index.h"
#include "codecs/worker/unique_fd.h"
#include "codecs/worker/worker_pool.h"
#include "fs/core/names.h"
#include "fs/core/open_beneath.h"
#include "fs/core/passwords.h"
#include "fs/core/source_table.h"

namespace cbzfs {

// What says that a file is the same version of the same file; compared with ==, never with "newer".
SourceKey KeyOf(const struct stat& st);
uint64_t HashOf(const SourceKey& key);

// A folder of the library, held open: what stands in it is asked for without walking there anew,
// which is one system call instead of three. It stays the same folder when it is renamed. Any
// thread; costs a descriptor, so hold it no longer than a call.
class HeldFolder {
 public:
  HeldFolder(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  int fd() const { return fd_.get(); }  // without leave to read it
  absl::StatusOr<struct stat> Stat() const;
  // Of the entry itself, not of what a link points to.
  absl::StatusOr<struct stat> StatEntry(const std::string& name) const;

 private:
  UniqueFd fd_;
  std::string path_;  // for messages
};

class Library {
 public:
  // ENOTDIR when `path` is no directory.
  static absl::StatusOr<std::unique_ptr<Library>> Open(const std::string& path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // The absolute path, links resolved, for messages and as the library's name in the index.
  const std::string& path() const { return path_; }

  // Of the entry itself, not of what a link points to.
  absl::StatusOr<struct stat> Stat(const std::string& relative) const;

  // Of the regular file behind the path. A link is followed here, as the one exception, while it
  // stays beneath the root: a link to a PDF of the library is a comic. EXDEV where it does not.
  absl::StatusOr<struct stat> StatFile(const std::string& relative) const;

  struct Folder {
    struct stat st;
    std::vector<SourceName> names;  // directories, regular files and links; no other kinds
  };
  absl::StatusOr<Folder> List(const std::string& relative) const;

  // A regular file, links followed as in StatFile(); other kinds are EINVAL, so that a FIFO cannot
  // hang the mount.
  // `format` is what the workers shall take it for; of archives the content decides whether that is
  // kArchive or kPacked. What is open already is shared; EMFILE when too much is (SourceTable).
  absl::StatusOr<std::shared_ptr<const SourceFile>> OpenFile(
      const std::string& relative, SourceKey* key, SourceFormat format = SourceFormat::kPdf) const;

  absl::StatusOr<HeldFolder> Hold(const std::string& folder) const;

  // How many different files may be open at once; before any is. Without: any number.
  void LimitOpenFiles(uint64_t limit) { sources_ = std::make_unique<SourceTable>(limit); }
  const SourceTable& sources() const { return *sources_; }

  // What PDFs are opened with; before any is.
  void UsePasswords(Passwords passwords) { passwords_ = std::move(passwords); }
  bool HasPasswordFor(const std::string& path) const { return passwords_.For(path) != nullptr; }

  absl::StatusOr<std::string> ReadLink(const std::string& relative) const;
  absl::StatusOr<struct statvfs> StatFs() const;

 private:
  Library(int root, std::string path) : root_(root), path_(std::move(path)) {}
  absl::StatusOr<int> OpenAt(const std::string& relative, int flags, Links links) const;

  const int root_;
  const std::string path_;
  std::unique_ptr<SourceTable> sources_ = std::make_unique<SourceTable>(UINT64_MAX);
  Passwords passwords_;
};

// The file and its bytes are the same: a change of the name or the mode alone is none.
bool SameBytes(const SourceKey& a, const SourceKey& b);

// Size and modification time, by the descriptor, are what they were under `key`. The change time is
// left out: unlinking or renaming an open file changes it and not a byte.
bool Unchanged(const SourceFile& file, const SourceKey& key);

// Exactly `size` bytes at `offset`; EIO at a premature end (the file was truncated).
absl::Status ReadExactly(const SourceFile& file, uint64_t offset, size_t size, char* out);

// XXH3 over the size and the first and last 64 KiB: the same for a copy of the file on another
// host.
absl::StatusOr<uint64_t> Fingerprint(const SourceFile& file);

// "%PDF" stands in the first KiB.
absl::StatusOr<bool> LooksLikePdf(const SourceFile& file);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_LIBRARY_H_
