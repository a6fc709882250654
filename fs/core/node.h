// What the user sees: directories, files and links, as plain objects without any fuse type.
//
// A Node is one inode of the mount, or one version of it. Views (view.h) make them; the Filesystem (filesystem.h) keeps
// those that the kernel knows in its table. A passthrough file, a virtual CBZ, a status file and a
// directory are all just Nodes, and an OpenFile is one version of one of them, held open.
//
// Threads: every method from any thread. Answers come through callbacks, which are called exactly
// once: from inside the call when the answer is at hand, otherwise later from another thread. No
// method waits for a worker; some read the source file system.

#ifndef CBZFS_FS_CORE_NODE_H_
#define CBZFS_FS_CORE_NODE_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace cbzfs {

class Node;
struct OpenBook;

// The bytes that answer a read: slices in order, each kept alive by its owner.
struct ReadResult {
  struct Slice {
    const char* data = nullptr;
    size_t size = 0;
    std::shared_ptr<const void> owner;
  };
  std::vector<Slice> slices;
  size_t size() const;
};

// A read that waits for pages. Leave() may be called at any time, by any thread, and more than
// once: it gives up waiting, so that a page nobody else wants is not drawn. The callback may then
// never come.
class ReadWait {
 public:
  virtual ~ReadWait() = default;
  virtual void Leave() = 0;
};

class OpenFile {
 public:
  using ReadDone = absl::AnyInvocable<void(absl::StatusOr<ReadResult>)>;

  virtual ~OpenFile() = default;

  // Bytes [offset, offset + size), fewer only at the end of the file. Never short otherwise: a part
  // that cannot be had is an error. The returned wait is null when `done` has been called already.
  virtual std::shared_ptr<ReadWait> Read(uint64_t offset, size_t size, ReadDone done) = 0;

  // Of a file that is made of a comic, or a part of what is: the book. Else null.
  virtual std::shared_ptr<const OpenBook> book() const { return nullptr; }

  // The kernel may keep what it has cached of this inode from earlier opens.
  bool keep_cache = false;
  // The file has no size beforehand (status, errors): the kernel must not cache or clip it.
  bool direct_io = false;
};

// An entry of a directory listing.
struct DirEntry {
  std::string name;
  uint64_t ino = 0;   // as stat says it, never 0
  mode_t type = 0;    // S_IFDIR, S_IFREG, S_IFLNK
  // Set when the attributes are at hand without waiting; otherwise the kernel has to look the entry
  // up. A placeholder is never sent: a wrong size truncates the client's cached pages.
  std::shared_ptr<Node> node;
  struct stat attr = {};
};

struct Listing {
  std::vector<DirEntry> entries;  // without "." and ".."
};

// A found entry: the node and its attributes.
struct Found {
  std::shared_ptr<Node> node;
  struct stat attr = {};
  // Nothing is known to have changed since it was read: the kernel may keep it for the ttl.
  bool fresh = true;
};

class Node {
 public:
  using AttrDone = absl::AnyInvocable<void(absl::StatusOr<struct stat>)>;
  using LookupDone = absl::AnyInvocable<void(absl::StatusOr<Found>)>;
  using ListDone = absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Listing>>)>;
  using OpenDone = absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<OpenFile>>)>;

  explicit Node(uint64_t ino) : ino_(ino) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // What the kernel knows the node by. The inode number that stat shows is in the attributes, and is
  // another one where a node is one version of a file: the kernel keeps one page cache a node, and
  // whoever has the old version open must not be given pages of the new one.
  uint64_t ino() const { return ino_; }

  virtual void GetAttr(AttrDone done) = 0;

  // Directories. Others answer kFailedPrecondition (ENOTDIR).
  virtual void Lookup(std::string_view name, LookupDone done);
  // `plus`: fill in node and attr of the entries where they are at hand.
  virtual void List(bool plus, ListDone done);

  // Regular files. Directories answer kFailedPrecondition.
  virtual void Open(OpenDone done);

  // Symbolic links; kInvalidArgument for others.
  virtual absl::StatusOr<std::string> ReadLink();

  // The same inode was found again, perhaps under another path: take over what `other` (of the same
  // dynamic type) knows about where its source is. Called with this node in the kernel's table.
  virtual void Adopt(const Node& other);

  // Something in the folder changed, or in what is known of it: what was kept of it is read again.
  virtual void SourceChanged();

 private:
  const uint64_t ino_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_NODE_H_
