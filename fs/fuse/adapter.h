// libfuse's low-level operations, mapped onto a Filesystem.
//
// Each operation takes its arguments out of the request, asks the Filesystem, and answers when the
// answer comes: at once or later, on whatever thread it comes. No operation waits, so the threads
// of libfuse's loop are never held up by a page that is being drawn (measured with ten threads that
// did wait: an unrelated stat took 2.5 s).
//
// Not implemented on purpose, so that the kernel learns it once and stops asking (ENOSYS):
// getxattr, listxattr, access (the kernel checks with default_permissions, and only the owner gets
// in without allow_other), flush, fsync, lseek, bmap, locks (then local to the machine). What would
// write answers EROFS.
//
// Lifetime: borrows the Filesystem, which outlives it. After Drain() it answers nothing any more.

#ifndef CBZFS_FS_FUSE_ADAPTER_H_
#define CBZFS_FS_FUSE_ADAPTER_H_

#include <memory>
#include <string>
#include <vector>

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

#include "absl/time/time.h"
#include "fs/core/filesystem.h"
#include "fs/fuse/gate.h"
#include "fs/fuse/handles.h"
#include "fs/fuse/pending_replies.h"

namespace cbzfs {

class Adapter {
 public:
  // Threads of libfuse's loop. Nothing waits for a page in them, but reading the library waits for
  // the file system that it is on; libfuse starts them when they are needed.
  static constexpr unsigned kLoopThreads = 64;

  // What the user may tune of the connection; 0: the default. `max_read` has to be what the mount
  // itself was told, else libfuse refuses the connection.
  struct Connection {
    unsigned max_read = 0;
    unsigned max_readahead = 0;
    unsigned max_background = 0;
    unsigned congestion_threshold = 0;
  };

  // `ttl`: how long the kernel may keep names and attributes.
  Adapter(Filesystem* filesystem, absl::Duration ttl, const Connection& connection);

  // For fuse_session_new(), with the Adapter as user data.
  static const fuse_lowlevel_ops& Operations();

  // The kernel and libfuse have agreed on how to talk.
  bool initialised() const { return initialised_; }

  // Answers all that waits with `error` and returns when every reply is out. Call when the loop has
  // ended and before the session is destroyed.
  void Drain(int error) { pending_->Drain(error); }

 private:
  struct Operation;  // the functions that libfuse calls

  class LibfuseRequests : public RequestHooks {
   public:
    void WatchInterrupt(fuse_req* request, uint64_t id) override;
    void ReplyError(fuse_req* request, int error) override;
  };

  void Init(fuse_conn_info* connection);
  // Does the work for an inode now, or when threads that hang for others have come back.
  void InTurn(fuse_ino_t ino, Gate::Work work);
  void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name);
  void GetAttr(fuse_req_t request, fuse_ino_t ino);
  void Open(fuse_req_t request, fuse_ino_t ino, const fuse_file_info& info);
  void Read(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset,
            const fuse_file_info& info);
  void ReadLink(fuse_req_t request, fuse_ino_t ino);
  void StatFs(fuse_req_t request, fuse_ino_t ino);
  void ReadDir(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset,
               const fuse_file_info& info, bool plus);
  void ReplyDirectory(fuse_req_t request, fuse_ino_t ino, const DirHandle::Taken& taken,
                      size_t size, off_t offset, bool plus);

  Filesystem* const filesystem_;
  const absl::Duration ttl_;
  const Connection wanted_;
  bool initialised_ = false;  // written by the thread that handles INIT, before the loop
  HandleTable handles_;
  LibfuseRequests hooks_;
  const std::unique_ptr<Gate> gate_;
  // Shared with the callbacks: one that comes when all is over finds nothing to claim, and touches
  // nothing else of the adapter.
  const std::shared_ptr<PendingReplies> pending_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_ADAPTER_H_
