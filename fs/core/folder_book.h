// What a view makes of a folder of images beside it: Foo.cbz, or the cover Foo.jpg.
//
// As with the nodes of comics (comic_node.h), each node is one version of the folder.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_FOLDER_BOOK_H_
#define CBZFS_FS_CORE_FOLDER_BOOK_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "fs/core/book.h"
#include "fs/core/folder_version.h"
#include "fs/core/node.h"
#include "fs/core/services.h"
#include "fs/core/shape.h"
#include "fs/core/source_node.h"
#include "fs/core/view.h"

namespace cbzfs {

// The book that the folder at `path` is in the view now. Statuses as of FolderReader::Read().
absl::StatusOr<FolderVersion::Pointer> ReadFolder(Services& services, const View& view,
                                                  const std::string& path);

// The inode number of the book as stat shows it: the same for all versions.
uint64_t InoOfFolderBook(const View& view, Shape shape, const FolderVersion& folder);

// The node of the folder's book in a shape, and its attributes, without waiting; nothing where
// they need a table that is not at hand.
std::optional<absl::StatusOr<Found>> FindFolderBook(const std::shared_ptr<Services>& services,
                                                    const View* view, Shape shape,
                                                    const FolderVersion::Pointer& folder);
// The same, waiting if need be. kAborted when a file changed meanwhile: read the folder again.
void GetFolderBook(const std::shared_ptr<Services>& services, const View* view, Shape shape,
                   const FolderVersion::Pointer& folder, Node::LookupDone done);

class FolderBook : public SourceNode, public std::enable_shared_from_this<FolderBook> {
 public:
  FolderBook(std::shared_ptr<Services> services, const View* view, Shape shape,
             const FolderVersion& folder);

  void GetAttr(AttrDone done) override;
  void Open(OpenDone done) override;

  const BookPart* part() const override { return &part_; }

 private:
  absl::StatusOr<std::shared_ptr<OpenFile>> OpenAsItIs(const FolderVersion::Pointer& folder);
  absl::StatusOr<std::shared_ptr<OpenFile>> OpenMade(
      const FolderVersion::Pointer& folder, std::shared_ptr<const KnownDocument> known);

  const Shape shape_;
  const BookPart part_;
  const SourceKey key_;
  const uint64_t stat_ino_;
  LatestHandle latest_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_FOLDER_BOOK_H_
