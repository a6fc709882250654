// Pages on a Redis server (or one that speaks its protocol), which several hosts may share.
//
// A value is a plain string at "cbzfs:1:" and the key in hexadecimal. It never expires: how much is
// kept, and what goes first, is for the server's own maxmemory and maxmemory-policy to say.
//
// Threads: all at once. A call takes a connection that another gave back, or makes one, so there
// are as many as there are calls at a time; at most kKept stay open between calls.
//
// What the server can do to us is bounded: a call ends by RedisLimits, and an answer is given up
// past what the command can give, which is kMaxStoredValue for Get and 64 KiB for others (see
// redis_connection.h). No SIGPIPE.
//
// Statuses, with the server's name and what to do where there is something; never a password:
//   kUnavailable        no connection, a lost one, no answer in time, not a Redis server, or one
//                       that cannot serve now (loading, a replica, a part of a cluster)
//   kPermissionDenied   user or password are missing or wrong, or the user may not do this
//   kResourceExhausted  the server is at its maxmemory and its policy evicts nothing
//   kFailedPrecondition the server has no database of that number
//   kDataLoss           what is kept at the key is none of ours, or too long
//   kInternal           any other answer that is an error

#ifndef CBZFS_CACHE_STORE_REDIS_BACKEND_H_
#define CBZFS_CACHE_STORE_REDIS_BACKEND_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cache/store/backend.h"
#include "cache/store/redis_connection.h"
#include "cache/store/redis_url.h"

namespace cbzfs {

struct RedisLimits {
  // For each address of the host. Looking up the host's name is not in it: that takes as long as
  // the system's resolver takes.
  absl::Duration connect = absl::Milliseconds(200);
  // The longest silence: every byte in either direction begins it anew, so that a large value may
  // take its time on a slow network.
  absl::Duration command = absl::Milliseconds(250);
  // The end of a call, however busy the line is.
  absl::Duration whole = absl::Seconds(5);
};

class RedisBackend final : public StoreBackend {
 public:
  static constexpr size_t kKept = 4;

  // Connects when first used. Both user and password may be empty: then there is no AUTH; without a
  // user the password is that of the server's default one.
  RedisBackend(RedisAddress address, RedisLimits limits, std::string user, std::string password);
  ~RedisBackend() override;
  RedisBackend(const RedisBackend&) = delete;
  RedisBackend& operator=(const RedisBackend&) = delete;

  absl::StatusOr<std::optional<std::string>> Get(const StoreKey& key) override;
  absl::Status Put(const StoreKey& key, std::string_view value) override;
  absl::Status Remove(const StoreKey& key) override;

 private:
  using Words = std::vector<std::string_view>;

  // An answer that is no error, on a connection of whatever age. One that the server closed while
  // it lay idle is replaced.
  absl::StatusOr<RedisReply> Command(const Words& words, size_t longest);
  // For commands that give nothing back.
  absl::Status Done(const Words& words);

  absl::StatusOr<std::unique_ptr<RedisConnection>> Connect(const RedisDeadline& deadline) const;
  absl::Status Introduce(RedisConnection& connection, const RedisDeadline& deadline) const;

  // Null where none is kept that is fit for use.
  std::unique_ptr<RedisConnection> Take();
  void GiveBack(std::unique_ptr<RedisConnection> connection);

  absl::Status Failure(const absl::Status& status) const;
  absl::Status ErrorAnswer(const std::string& text) const;

  const RedisAddress address_;
  const RedisLimits limits_;
  const std::string user_;
  const std::string password_;
  const std::string name_;  // "redis server HOST:PORT"

  absl::Mutex mutex_;
  std::vector<std::unique_ptr<RedisConnection>> kept_
      ABSL_GUARDED_BY(mutex_);  // the newest is last
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_REDIS_BACKEND_H_
