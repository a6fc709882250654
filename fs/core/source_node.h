// Entries of the library that show as they are: files and symbolic links.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_SOURCE_NODE_H_
#define CBZFS_FS_CORE_SOURCE_NODE_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/book_tree.h"
#include "fs/core/node.h"
#include "fs/core/services.h"

namespace cbzfs {

// A node whose source is one path of the library. Knows where the source was last found; a rename
// of a folder above is learnt when the kernel looks the entry up again (Adopt).
class SourceNode : public Node {
 public:
  // `view` belongs to `services`.
  SourceNode(std::shared_ptr<Services> services, const View* view, uint64_t ino, std::string path)
      : Node(ino), services_(std::move(services)), view_(view), path_(std::move(path)) {}

  void Adopt(const Node& other) override;

  // Of the source, in the library.
  std::string path() const;

  // Of a file that is made of a comic: what of its book it is. Else null.
  virtual const BookPart* part() const { return nullptr; }

 protected:
  Services& services() const { return *services_; }
  const std::shared_ptr<Services>& shared_services() const { return services_; }
  const View& view() const { return *view_; }

 private:
  const std::shared_ptr<Services> services_;
  const View* const view_;
  mutable absl::Mutex path_mu_;
  std::string path_ ABSL_GUARDED_BY(path_mu_);
};

// The latest handle of one version of a file, and what it looked like: for fstat() of a file that
// was deleted, replaced or changed while open.
class LatestHandle {
 public:
  void Set(const std::shared_ptr<OpenFile>& file, const struct stat& attr);

  // What a stat answers when `now`, not this version, is what is at `where`: whoever has the
  // version open still sees what they opened. For others the kernel looks the name up again.
  absl::StatusOr<struct stat> AttrOfGone(const absl::StatusOr<struct stat>& now,
                                         const std::string& where) const;

 private:
  mutable absl::Mutex mu_;
  std::weak_ptr<OpenFile> file_ ABSL_GUARDED_BY(mu_);
  struct stat attr_ ABSL_GUARDED_BY(mu_) = {};
};

// One version of any file that is no comic, byte for byte. A handle reads the version that it
// opened, or EIO when the file was edited in place.
class PlainFile : public SourceNode {
 public:
  PlainFile(std::shared_ptr<Services> services, const View* view, const struct stat& source,
            std::string path);

  void GetAttr(AttrDone done) override;
  void Open(OpenDone done) override;

  // What stat shows: the same for all versions.
  uint64_t stat_ino() const { return stat_ino_; }

 private:
  const SourceKey key_;
  const uint64_t stat_ino_;
  LatestHandle latest_;
};

class PlainLink : public SourceNode {
 public:
  using SourceNode::SourceNode;
  void GetAttr(AttrDone done) override;
  absl::StatusOr<std::string> ReadLink() override;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_SOURCE_NODE_H_
