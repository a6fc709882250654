// A view: one way to show the library. The cbz view is the first; enhanced, thumbnails and pages
// plug in here.
//
// The folder tree, the names, the passthrough of all that is no comic, broken files under their own
// names: that is the same for every view and lives in SourceFolder (source_folder.h). A view says
// what a comic's virtual file is called and makes the node for it.
//
// Immutable: any thread. Owned by Services for the life of the mount.

#ifndef CBZFS_FS_CORE_VIEW_H_
#define CBZFS_FS_CORE_VIEW_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fs/core/documents.h"
#include "fs/core/node.h"

namespace cbzfs {

struct Services;

// An entry of the library: where it is, and what stat said of it when it was found.
struct SourceEntry {
  std::string path;  // relative to the library
  struct stat st = {};
  std::string name;  // as the view shows it
  // The source has further names (hard links, or this one is a symbolic link): the inode must
  // follow from the name as well.
  bool shares_inode = false;
};

class View {
 public:
  virtual ~View() = default;

  // Its folder at the top, and the value of `-o view=`.
  virtual std::string_view name() const = 0;

  // Keeps the inodes of one view apart from those of another. Never reused for another view.
  virtual uint64_t id() const = 0;

  // What comics end in, with the dot.
  virtual std::string_view comic_extension() const = 0;

  // The inode number of a comic, as stat says it: the same for all versions of the source.
  virtual uint64_t ComicIno(const SourceEntry& source) const = 0;

  // The node of a comic, of this version of the source.
  virtual std::shared_ptr<Node> MakeComic(const std::shared_ptr<Services>& services,
                                          const SourceEntry& source) const = 0;

  // Attributes of a comic whose page table is known, without waiting.
  virtual absl::StatusOr<struct stat> ComicAttr(Services& services, const SourceEntry& source,
                                                const KnownDocument& document) const = 0;
};

// The view called `name`, or null.
std::unique_ptr<View> MakeView(std::string_view name);

// The views of a mount without `-o view=`, in the order of the listing.
std::vector<std::unique_ptr<View>> MakeAllViews();

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_VIEW_H_
