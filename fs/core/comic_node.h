// The virtual files and folders that a view makes of a comic.
//
// Each node is one version of the comic's file: the kernel keeps one page cache a node, and whoever
// has the old version open must not be given bytes of the new one (node.h).
//
// Threads: any.

#ifndef CBZFS_FS_CORE_COMIC_NODE_H_
#define CBZFS_FS_CORE_COMIC_NODE_H_

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/book.h"
#include "fs/core/read_ahead.h"
#include "fs/core/source_node.h"
#include "fs/core/view.h"

namespace cbzfs {

// What all nodes of one version of a comic in one shape share.
struct ComicVersion {
  const View* view = nullptr;  // belongs to the services
  Book::Identity book;
  Shape shape = Shape::kBook;
  uint64_t ino = 0;  // of the comic in this shape, as stat shows it: the same for all versions
};

ComicVersion VersionOf(const View* view, const SourceEntry& source, Shape shape);

// The node of a comic in a shape.
std::shared_ptr<Node> MakeComicNode(const std::shared_ptr<Services>& services,
                                    const ComicVersion& version, const std::string& path);

// Its attributes, without waiting; nothing where they need a table that is not at hand.
std::optional<absl::StatusOr<struct stat>> ComicAttr(
    Services& services, const ComicVersion& version, const struct stat& source,
    const std::shared_ptr<const KnownDocument>& known);

// One part of a book: a CBZ, a cover, a page.
class ComicFile : public SourceNode, public std::enable_shared_from_this<ComicFile> {
 public:
  // `stat_ino` is what stat shows. `ahead`: of the folder that the file stands in; else null.
  ComicFile(std::shared_ptr<Services> services, uint64_t node, uint64_t stat_ino,
            const ComicVersion& version, const BookPart& part, std::string path,
            std::shared_ptr<ReadAhead> ahead = nullptr)
      : SourceNode(std::move(services), version.view, node, std::move(path)),
        version_(version),
        part_(part),
        stat_ino_(stat_ino),
        ahead_(std::move(ahead)) {}

  void GetAttr(AttrDone done) override;
  void Open(OpenDone done) override;

  const BookPart* part() const override { return &part_; }

 private:
  absl::StatusOr<std::shared_ptr<OpenFile>> MakeFile(const std::string& where,
                                                     std::shared_ptr<const SourceFile> file,
                                                     std::shared_ptr<const Book> book);

  const ComicVersion version_;
  const BookPart part_;
  const uint64_t stat_ino_;
  const std::shared_ptr<ReadAhead> ahead_;
  LatestHandle latest_;
};

// The files of a book as a folder, or a folder inside that.
class ComicFolder : public SourceNode, public std::enable_shared_from_this<ComicFolder> {
 public:
  // `inside`: the folder's path inside the book, "" at its top.
  ComicFolder(std::shared_ptr<Services> services, uint64_t node, uint64_t stat_ino,
              const ComicVersion& version, std::string inside, std::string path);

  void GetAttr(AttrDone done) override;
  void Lookup(std::string_view name, LookupDone done) override;
  void List(bool plus, ListDone done) override;

 private:
  using Ready = absl::AnyInvocable<void(const struct stat&, std::shared_ptr<const Book>)>;
  // Calls `ready` with the source's attributes and the book, or `failed`.
  void WithBook(Priority priority, Ready ready, absl::AnyInvocable<void(absl::Status)> failed);
  Found FoundOf(const BookTree::Child& child, const struct stat& source, const Book& book);

  const ComicVersion version_;
  const std::string inside_;
  const uint64_t stat_ino_;
  const std::shared_ptr<ReadAhead> ahead_;  // of those who open its files one after another
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_COMIC_NODE_H_
