// One connection to a Redis server: a command, and its answer.
//
// hiredis connects, writes commands out and parses answers. Sending and receiving are done here,
// because hiredis' own raise SIGPIPE, have no limit on a whole command, and store whatever is sent.
// So: nothing raises SIGPIPE; an exchange ends by RedisDeadline; a value that is announced as
// longer than the command can have is given up at once, and any other answer after 64 KiB; lists
// are refused before they are allocated. Values do not pass through the parser, which would copy
// them twice.
//
// Threads: one at a time per connection. Statuses continue the words "redis server NAME", and hold
// nothing of what was sent.

#ifndef CBZFS_CACHE_STORE_REDIS_CONNECTION_H_
#define CBZFS_CACHE_STORE_REDIS_CONNECTION_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cache/store/redis_url.h"

struct redisContext;

namespace cbzfs {

// When waiting must end. On a steady clock, which absl::Time is not.
struct RedisDeadline {
  absl::Duration silence;  // that neither side sent a byte
  std::chrono::steady_clock::time_point end;

  absl::Duration Left() const;
};

struct RedisReply {
  enum class Type { kNone, kValue, kDone, kError };  // kDone: "OK" or a number
  Type type;
  std::string text;  // of a value or an error
};

// "?" for what is not printable ASCII: a server's words end in terminals and logs, which obey some
// bytes.
std::string Printable(std::string text);

class RedisConnection {
 public:
  // kUnavailable when there is no such server, or it does not take the connection within `limit`.
  static absl::StatusOr<std::unique_ptr<RedisConnection>> Open(const RedisAddress& address,
                                                               absl::Duration limit);

  // The answer, which may be an error. kUnavailable: the connection was lost, the time is over, or
  // what came is no answer. kDataLoss: the answer is longer than `longest`, in bytes. After a
  // status the connection is of no more use.
  absl::StatusOr<RedisReply> Exchange(const std::vector<std::string_view>& words, size_t longest,
                                      const RedisDeadline& deadline);

  // Whether the last exchange failed because the connection was gone, without any answer.
  bool lost() const { return lost_; }

  // False when the server closed it, or said something that nobody asked for: that would be taken
  // for the answer to the next command.
  bool IsIdle() const;

 private:
  struct FreeContext {
    void operator()(redisContext* context) const;
  };
  using Context = std::unique_ptr<redisContext, FreeContext>;

  explicit RedisConnection(Context context);

  absl::Status Wait(short events, const RedisDeadline& deadline) const;
  absl::Status Lost(int error);
  absl::Status Send(std::string_view bytes, const RedisDeadline& deadline);
  absl::StatusOr<RedisReply> Receive(size_t longest, const RedisDeadline& deadline);
  // Appends at least a byte.
  absl::Status ReceiveMore(std::string& bytes, const RedisDeadline& deadline);
  // The rest of a value of which `bytes`, from `begin` on, is what is there.
  absl::StatusOr<RedisReply> ReceiveValue(std::string bytes, size_t begin, size_t length,
                                          const RedisDeadline& deadline);

  const Context context_;
  const int fd_;
  bool in_step_ = true;  // all that was received belongs to what was asked
  bool lost_ = false;
  bool heard_ = false;  // part of an answer, at least
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_REDIS_CONNECTION_H_
