// A file of the library that says what the comic beside it is: a ComicInfo.xml or a package
// document (.opf). Which one belongs to a comic follows from the names in its folder (names.h);
// what is in it is read by a worker, when the comic is analysed.
//
// Plain values and functions: any thread.

#ifndef CBZFS_FS_CORE_SIDECAR_FILE_H_
#define CBZFS_FS_CORE_SIDECAR_FILE_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cache/index.h"
#include "codecs/worker/source_file.h"
#include "fs/core/library.h"

namespace cbzfs {

// A version of one. Null pointers stand for a comic without.
struct SidecarFile {
  std::string name;  // in the comic's folder
  SourceKey key;
};
using SidecarPointer = std::shared_ptr<const SidecarFile>;

// What two versions of a comic have to share to be the same, beside the comic's own file.
bool SameSidecar(const SidecarPointer& a, const SidecarPointer& b);
// 0 for none.
uint64_t HashOf(const SidecarPointer& sidecar);

// The path of a file called `name` in the folder that the comic at `path` stands in.
std::string BesidePath(const std::string& path, const std::string& name);

// The file called `name` beside the comic at `path` as it is now. Null for "", and where it cannot
// be looked at: it then says nothing.
SidecarPointer FindSidecar(const Library& library, const std::string& path,
                           const std::string& name);

// Whether the sidecar of the comic at `path` is still this version. One that is not there, or that
// cannot be looked at, is another.
bool IsCurrent(const Library& library, const std::string& path, const SidecarPointer& sidecar);

// A comic changed when one of the two did.
struct stat WithTimesOf(struct stat comic, const SidecarPointer& sidecar);

// Its bytes, for a worker. kAborted when it is another version by now; kUnavailable, with a message
// for the user, when it cannot be read.
absl::StatusOr<std::shared_ptr<const SourceFile>> ReadSidecarFile(const Library& library,
                                                                  const std::string& path,
                                                                  const SidecarPointer& sidecar);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_SIDECAR_FILE_H_
