// The mounted tree as the adapter sees it: inode numbers in, answers out.
//
// Filesystem wires the rooms together (library, index, workers, page cache, views) and keeps the
// table of the nodes that the kernel holds. It knows no fuse type, so that everything the user sees
// can be tested without a mount. Several may live in one process.
//
// Start-up order, which fs/main.cc follows: Create() before any other thread exists (it starts the
// workers' zygote), then serve, then Stop(), which answers everything that still waits.
//
// Threads: every method from any thread, after Create() and until Stop() has returned. See node.h
// for how answers come. Statuses are turned into errno by the adapter's one funnel
// (fs/fuse/errno_of.h).

#ifndef CBZFS_FS_CORE_FILESYSTEM_H_
#define CBZFS_FS_CORE_FILESYSTEM_H_

#include <sys/statvfs.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fs/core/node.h"
#include "fs/core/node_table.h"
#include "fs/core/options.h"

namespace cbzfs {

class KernelCache;
struct Services;

class Filesystem {
 public:
  static constexpr uint64_t kRootIno = 1;

  // `.cbzfs` and its files: answered without a look at the library.
  static constexpr bool NeedsNoSource(uint64_t ino) { return ino > kRootIno && ino < kFirstIno; }
  // InoOf() gives no lower one.
  static constexpr uint64_t kFirstIno = 1024;

  // `library` is a directory; `worker_program` an absolute path. The status' message is meant for
  // the user. kNotFound: no such library; kFailedPrecondition: the workers cannot be started, as
  // far as is known (WaitUntilReady() has the last word); kPermissionDenied: the folder of the
  // index or of the page store is refused.
  static absl::StatusOr<std::unique_ptr<Filesystem>> Create(const std::string& library,
                                                            const Options& options,
                                                            const std::string& worker_program);
  ~Filesystem();

  // Waits until the workers are known to work. kFailedPrecondition when they do not: nothing can be
  // made then. It is used before that, and waits itself for what it needs.
  absl::Status WaitUntilReady();

  // A successful Lookup counts one reference of the kernel's on the node; Forget() gives back.
  void Lookup(uint64_t parent, std::string_view name, Node::LookupDone done);
  void Forget(uint64_t ino, uint64_t count);

  // Counts a reference on an entry of a listing of `parent` that is being sent with its attributes
  // (readdirplus); `entry.node` is set.
  void Reference(uint64_t parent, const DirEntry& entry);

  // What a listing was read from may change before the listing is sent. Now() before List(); the
  // kernel may keep the entries only while Unchanged() since then.
  uint64_t Now() const;
  bool Unchanged(uint64_t folder, uint64_t since) const;

  void GetAttr(uint64_t ino, Node::AttrDone done);
  absl::StatusOr<std::string> ReadLink(uint64_t ino);
  void List(uint64_t ino, bool plus, Node::ListDone done);
  void Open(uint64_t ino, Node::OpenDone done);
  absl::StatusOr<struct statvfs> StatFs();

  // From here on what changes in the library is dropped from the kernel's cache (change_watch.h).
  // `kernel` lives until StopNotifying() has returned.
  void StartNotifying(KernelCache* kernel);
  void StopNotifying();

  // For who runs it without a kernel (fs/command).
  const std::shared_ptr<Services>& services() const { return services_; }

  // Ends the workers and answers all that waits with kCancelled. Idempotent.
  void Stop();

 private:
  explicit Filesystem(std::shared_ptr<Services> services);

  const std::shared_ptr<Services> services_;
  NodeTable nodes_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_FILESYSTEM_H_
