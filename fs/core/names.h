// Which names each entry of a library folder has in a view.
//
// A view wishes names for what it turns into something else (Foo.pdf into Foo.cbz, or into a cover
// Foo.jpg and a folder Foo); everything else keeps its name. The answer follows from the folder's
// names alone, never from what was listed before or from the order in which the folder is read, so
// a path resolves the same way on every host and at any time:
//   - a real entry keeps its name: where Foo.cbz exists, Foo.pdf shows as Foo.pdf.cbz; where there
//   is
//     a folder Foo, the folder made of Foo.pdf is Foo.pdf;
//   - of several that want one name, ZIPs come first, then other archives, PDFs, images; of these
//     the ones with their extension in lower case; then byte order. The others get their full name
//     and the ending, and where even that is taken a number;
//   - a name that would pass 255 bytes is cut before the ending, at a UTF-8 boundary.
//
// And which file of the folder says what a comic is (NameMap::Entry::sidecar).
//
// Immutable after construction: any thread.

#ifndef CBZFS_FS_CORE_NAMES_H_
#define CBZFS_FS_CORE_NAMES_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "codecs/document/document.h"
#include "fs/core/shape.h"

namespace cbzfs {

// An entry of a library folder, as readdir tells it. `type` is one of S_IFDIR, S_IFREG, S_IFLNK.
struct SourceName {
  std::string name;
  mode_t type = 0;
};

// The seed's rule: names that begin with '.' or '_' are hidden.
bool IsHidden(std::string_view name);

// `name` without its last extension.
std::string_view StemOf(std::string_view name);

// The last component of a path without its extension.
std::string_view StemOfPath(std::string_view path);

// What all names that may depend on each other in a folder have in common: the part before the
// first '.' or '~' (but for one at the beginning), at most 200 bytes of it. A comic's names are its
// own one, cut at the end, and a suffix that begins with one of the two; so when an entry comes or
// goes, only entries of the same root can get another name.
std::string_view RootOfName(std::string_view name);

// The root of a file that may say what the one PDF of its folder is, whatever that is called.
bool IsRootOfFolderSidecar(std::string_view root);

// One thing that a view makes of an entry, and what its name ends in.
struct Wish {
  Shape shape = Shape::kBook;
  std::string_view ending;  // with its dot; static
  bool own_name = false;    // it keeps the entry's own name, whatever that ends in
};

class NameMap {
 public:
  struct Shown {
    Shape shape = Shape::kBook;
    std::string name;
  };
  struct Entry {
    SourceName source;
    SourceFormat format = SourceFormat::kPdf;  // of a candidate
    // What a comic shows as; empty for an entry that is no candidate. A candidate that turns out
    // not to open shows under its own name instead.
    std::vector<Shown> shown;
    // Of a candidate: the name of the file beside it that says what it is; "" for none. That is,
    // beside Foo.pdf, the first there is of Foo.xml and Foo.opf, and where it is the only PDF of
    // its folder ComicInfo.xml and calibre's metadata.opf.
    std::string sidecar;
    // Of a folder: what it shows as beside itself, should it be a book (folder_contents.h).
    std::optional<Shown> book;
    bool candidate() const { return !shown.empty(); }
  };
  // An entry, and which of its `shown` the name is.
  struct Match {
    const Entry* entry = nullptr;
    const Shown* shown = nullptr;
  };

  // `wishes` tells what a file or link of a format shows as; empty: it is no candidate. Hidden
  // names are left out unless `show_hidden`; they still block names. `for_folders`: what a folder
  // shows as beside itself. Its name is the folder's and the ending; all others come first.
  using Wishes = std::function<std::vector<Wish>(SourceFormat)>;
  NameMap(std::vector<SourceName> names, const Wishes& wishes, bool show_hidden,
          std::optional<Wish> for_folders = std::nullopt);
  NameMap(NameMap&&) = default;  // not copied: the tables point into the entries

  const std::vector<Entry>& entries() const { return entries_; }  // sorted by source name

  // By the name in the library; null where there is none.
  const Entry* FindSource(std::string_view name) const;
  // By the name of its book; null where no folder has one of that name.
  const Entry* FindFolderBook(std::string_view name) const;
  // By a name that a candidate shows as.
  std::optional<Match> FindShown(std::string_view name) const;

 private:
  void NameCandidates(const Wishes& wishes, const std::vector<SourceName>& all,
                      const std::optional<Wish>& for_folders);
  void FindSidecars();

  std::vector<Entry> entries_;
  absl::flat_hash_map<std::string_view, size_t> by_source_;
  absl::flat_hash_map<std::string_view, Match> by_shown_;
  absl::flat_hash_map<std::string_view, size_t> by_book_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_NAMES_H_
