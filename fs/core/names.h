// Which name each entry of a library folder has in a view.
//
// Comics change their extension (Foo.pdf shows as Foo.cbz); everything else keeps its name. The
// answer follows from the folder's names alone, never from what was listed before or from the order
// in which the folder is read, so a path resolves the same way on every host and at any time:
//   - a real entry keeps its name: where Foo.cbz exists, Foo.pdf shows as Foo.pdf.cbz;
//   - of several that want one name, `.pdf` in lower case comes first, then byte order; the others
//     get their full name and the extension, and where even that is taken a number;
//   - a name that would pass 255 bytes is cut before the extension, at a UTF-8 boundary.
//
// Immutable after construction: any thread.

#ifndef CBZFS_FS_CORE_NAMES_H_
#define CBZFS_FS_CORE_NAMES_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace cbzfs {

// An entry of a library folder, as readdir tells it. `type` is one of S_IFDIR, S_IFREG, S_IFLNK.
struct SourceName {
  std::string name;
  mode_t type = 0;
};

// The name ends in ".pdf", in any case, and has a stem.
bool HasPdfExtension(std::string_view name);

// The seed's rule: names that begin with '.' or '_' are hidden.
bool IsHidden(std::string_view name);

// `name` without its last extension.
std::string_view StemOf(std::string_view name);

class NameMap {
 public:
  struct Entry {
    SourceName source;
    // What a comic shows as; empty for an entry that is no candidate. A candidate that turns out
    // not to open shows under its own name instead.
    std::string comic_name;
  };

  // `extension` is what comics end in, with the dot. Hidden names are left out unless
  // `show_hidden`; they still block names.
  NameMap(std::vector<SourceName> names, std::string_view extension, bool show_hidden);

  const std::vector<Entry>& entries() const { return entries_; }  // sorted by source name

  // By the name in the library; null where there is none.
  const Entry* FindSource(std::string_view name) const;
  // By the name a comic shows as.
  const Entry* FindComic(std::string_view name) const;

 private:
  std::vector<Entry> entries_;
  absl::flat_hash_map<std::string_view, size_t> by_source_;
  absl::flat_hash_map<std::string_view, size_t> by_comic_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_NAMES_H_
