// The requests that have not been answered yet, and who may answer each.
//
// A request is answered by whoever comes first: its result, the kernel's interrupt, or the end of
// the session. Each of them asks with Take(), and exactly one gets the right to reply. The kernel's
// interrupt is told about an id and not a pointer, because it may come while another thread sends
// the reply and libfuse frees the request.
//
// What makes that safe with libfuse 3.14 (lib/fuse_lowlevel.c):
//   - fuse_req_interrupt_func() calls the function itself when the request is interrupted already,
//     and afterwards unlocks a mutex in the request: a reply from inside that call would be a use
//     after free. So an interrupt that comes while Add() registers is only noted, and Add()
//     replies.
//   - find_interrupted() holds a reference while it calls the function: there a reply is allowed.
//
// Threads: every method from any thread. No lock is held while something is sent or left.

#ifndef CBZFS_FS_FUSE_PENDING_REPLIES_H_
#define CBZFS_FS_FUSE_PENDING_REPLIES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/node.h"

struct fuse_req;

namespace cbzfs {

// libfuse as this table needs it; the session's is LibfuseRequests(), tests have their own.
class RequestHooks {
 public:
  virtual ~RequestHooks() = default;
  // Has PendingReplies::Interrupt(id) called when the kernel interrupts `request`.
  virtual void WatchInterrupt(fuse_req* request, uint64_t id) = 0;
  // Answers `request`, which ends its life.
  virtual void ReplyError(fuse_req* request, int error) = 0;
};

class PendingReplies {
 public:
  // The right, and the duty, to answer one request. The session does not end before the object
  // does, so the reply is to be sent within its lifetime.
  class Claim {
   public:
    Claim(Claim&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), request_(other.request_) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim();
    fuse_req* request() const { return request_; }

   private:
    friend class PendingReplies;
    Claim(PendingReplies* owner, fuse_req* request) : owner_(owner), request_(request) {}
    PendingReplies* owner_;
    fuse_req* const request_;
  };

  // `hooks` outlives this.
  explicit PendingReplies(RequestHooks* hooks) : hooks_(hooks) {}
  ~PendingReplies();
  PendingReplies(const PendingReplies&) = delete;
  PendingReplies& operator=(const PendingReplies&) = delete;

  // Takes charge of a request before work for it begins. Nothing: it was interrupted already and
  // has been answered.
  std::optional<uint64_t> Add(fuse_req* request);

  // For whoever has the result. Nothing: somebody else has answered, and the result is to be put
  // back (a reference forgotten, a handle closed).
  std::optional<Claim> Take(uint64_t id);

  // What to leave when the request is interrupted. Left at once when it has been already.
  void SetWait(uint64_t id, std::shared_ptr<ReadWait> wait);

  // The kernel's interrupt: answers EINTR and leaves the wait.
  void Interrupt(uint64_t id);

  // Answers everything that still waits with `error`, and returns when every reply has been sent.
  // For the end of a session, when no Add() can come any more.
  void Drain(int error);

 private:
  struct Entry {
    fuse_req* request = nullptr;
    bool registering = true;
    bool interrupted = false;
    std::shared_ptr<ReadWait> wait;
  };

  void Answer(Claim claim, int error, const std::shared_ptr<ReadWait>& wait);

  RequestHooks* const hooks_;
  absl::Mutex mu_;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  absl::flat_hash_map<uint64_t, Entry> entries_ ABSL_GUARDED_BY(mu_);
  int sending_ ABSL_GUARDED_BY(mu_) = 0;  // claims that live
};

}  // namespace cbzfs

#endif  // CBZFS_FS_FUSE_PENDING_REPLIES_H_
