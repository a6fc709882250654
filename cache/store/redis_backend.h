// Finished pages on a Redis or Valkey server, by hiredis.
//
// Values are plain strings under "cbzfs:1:" and the key in hexadecimal digits, without a time to
// live: the server's own eviction (maxmemory, maxmemory-policy) bounds them.
//
// Each call takes a connection that is idle, or makes one, and puts it back when all went well; so
// there are as many as threads that ask at once. An idle connection that the server has closed
// meanwhile is noticed when it is used, and the call is made once more with a new one.
//
// A server is not trusted with memory: hiredis takes what it sends as it arrives, so a reply that
// never ends is cut off by the time limit of a command, on a local network some hundred megabytes.
//
// Threads: several at once. A call takes at most a connection's time and twice a command's.

#ifndef CBZFS_CACHE_STORE_REDIS_BACKEND_H_
#define CBZFS_CACHE_STORE_REDIS_BACKEND_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cache/store/backend.h"
#include "cache/store/redis_url.h"

struct redisContext;
struct redisReply;

namespace cbzfs {

struct RedisLimits {
  absl::Duration connect = absl::Milliseconds(200);
  absl::Duration command = absl::Milliseconds(250);
};

class RedisBackend final : public StoreBackend {
 public:
  // Connects when it is first asked. An empty password: the server wants none.
  RedisBackend(RedisAddress address, const RedisLimits& limits, std::string user,
               std::string password);
  ~RedisBackend() override;

  // kUnavailable: it does not answer, or not now; kPermissionDenied: not to us; kResourceExhausted:
  // its memory is full and it evicts nothing.
  absl::StatusOr<std::optional<std::string>> Get(const StoreKey& key) override;
  absl::Status Put(const StoreKey& key, std::string_view value) override;
  absl::Status Remove(const StoreKey& key) override;

 private:
  struct Free {
    void operator()(redisContext* connection) const;
    void operator()(redisReply* reply) const;
  };
  using Connection = std::unique_ptr<redisContext, Free>;
  using Reply = std::unique_ptr<redisReply, Free>;

  absl::StatusOr<Connection> Connect() const;
  absl::StatusOr<Reply> Ask(redisContext* connection,
                            const std::vector<std::string_view>& words) const;
  absl::StatusOr<Reply> Run(const std::vector<std::string_view>& words);
  absl::Status NoAnswer(const redisContext& connection) const;
  absl::Status Refused(absl::string_view message) const;

  const RedisAddress address_;
  const RedisLimits limits_;
  const std::string user_;
  const std::string password_;
  absl::Mutex mu_;
  std::vector<Connection> idle_ ABSL_GUARDED_BY(mu_);  // the one used last at the end
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_REDIS_BACKEND_H_
