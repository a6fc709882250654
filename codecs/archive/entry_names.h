// Names of archive entries made safe to be names of files: what an archive says is never a way out
// of the folder that it is shown in, on any system that may look at it (Samba hands names on to
// Windows).
//
// Everything here takes valid UTF-8 (name_decode.h) and gives names as ArchiveEntry::name has them.
// Equal archives give equal names. Pure functions: any thread.

#ifndef CBZFS_CODECS_ARCHIVE_ENTRY_NAMES_H_
#define CBZFS_CODECS_ARCHIVE_ENTRY_NAMES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cbzfs {

inline constexpr size_t kMaxComponentBytes = 255;
// Of all folders of a path together, so that a path has at most 1 024 bytes.
inline constexpr size_t kMaxFolderBytes = 768;

// A relative path of at least one component. Folders end at '/', and at '\' where the archive is
// from a system that separates them so (`from_dos`) or the name has no '/'. Empty components, "."
// and ".." are dropped, as are drive letters; of what is left each component is made safe:
//   - control characters and any of : * ? " < > | \ become '_';
//   - dots and spaces at its end go, for Windows takes them away when it opens a file;
//   - the name of a Windows device (CON, con.jpg, LPT1) gets a '_' before it;
//   - one that is too long is cut before its extension, between characters.
// A name of which nothing is left is "_".
std::string SafePath(std::string_view name, bool from_dos);

// Drops the top folder as long as it is one and the same for all paths; then, of a path whose
// folders are too long together, as many top folders as it takes.
void FlattenPaths(std::vector<std::string>* paths);

// Makes each path differ from all others and from all folders of others: the first of those with
// one name keeps it, the next gets " ~2" before its extension, or the next number that is free.
// Only last components change.
void MakePathsUnique(std::vector<std::string>* paths);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ARCHIVE_ENTRY_NAMES_H_
