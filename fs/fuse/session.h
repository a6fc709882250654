// One mount: from the mount point to the end of its last reply.
//
//   Mount()   mounts and has the kernel's first request answered, so that the mount can be used
//   Serve()   answers requests until somebody unmounts or RequestStop() is called; then answers
//             what still waits, stops the Filesystem, and unmounts
//
// Serve() ends promptly with reads in flight, because nobody waits for them: the loop's threads do
// not block on pages, the waiting requests are answered (ENOTCONN, as everything is from then on),
// and only then is libfuse's session, which the replies use, destroyed.
//
// While it serves, changes of the library are dropped from the kernel's cache by a thread that is
// neither of the loop nor of the workers, and that is joined before the session goes.
//
// State hangs on the object, so several mounts may live in one process; only libfuse's log function
// is the process'. Threads: Mount() and Serve() on one thread, RequestStop() on any other.

#ifndef CBZFS_FS_FUSE_SESSION_H_
#define CBZFS_FS_FUSE_SESSION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fs/core/filesystem.h"

struct fuse_session;

namespace cbzfs {

class Adapter;

struct SessionOptions {
  std::string mountpoint;           // absolute; or /dev/fd/N: mounted already, by whoever gave us N
  std::string fsname;               // unless `kernel` names one
  std::vector<std::string> kernel;  // Options::kernel
  absl::Duration ttl = absl::Seconds(1);
  bool debug = false;  // log every request
  // Called from another thread when the mount is gone, but a request hangs in the library, so that
  // Serve() cannot return. For whoever can end the process.
  std::function<void()> on_stuck;
};

class Session {
 public:
  // `filesystem` outlives the session. kPermissionDenied, kNotFound (no /dev/fuse) or kUnknown,
  // with what libfuse and fusermount3 said in the message.
  static absl::StatusOr<std::unique_ptr<Session>> Mount(Filesystem* filesystem,
                                                        const SessionOptions& options);
  // Unmounts, if Serve() has not.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Once. An error when the connection to the kernel broke; OK when it was ended.
  absl::Status Serve();

  // Has Serve() return, also when it has not begun. Returns when its loop has ended, or false when
  // that takes longer than `patience`.
  bool RequestStop(absl::Duration patience);

  // Takes the mount away although requests hang, for a process that ends at once.
  void Abandon();

 private:
  struct Loop;
  struct Destroy {
    void operator()(fuse_session* session) const;
  };

  Session(Filesystem* filesystem, std::unique_ptr<Adapter> adapter, fuse_session* session,
          std::function<void()> on_stuck);
  void NoticeStuck();
  absl::Status AnswerInit();
  void End();

  Filesystem* const filesystem_;
  const std::unique_ptr<Adapter> adapter_;
  const std::unique_ptr<fuse_session, Destroy> session_;
  const std::function<void()> on_stuck_;
  const std::unique_ptr<Loop> loop_;
};

// The version of libfuse that runs, "3.14.0".
std::string LibfuseVersion();

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_SESSION_H_
