// The address of a Redis or Valkey server as a URL.
//
// Pure function; any thread.

#ifndef CBZFS_CACHE_STORE_REDIS_URL_H_
#define CBZFS_CACHE_STORE_REDIS_URL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cbzfs {

struct RedisAddress {
  std::string host;  // without brackets
  int port = 6379;
  int db = 0;
  std::string unix_socket;  // a path, instead of host and port

  // For messages: "HOST:PORT", or the path.
  std::string Name() const;
};

// redis://HOST[:PORT][/DB], HOST being a name, an IPv4 address or an IPv6 address in brackets; or
// unix://PATH[?db=DB]. kInvalidArgument with a message for the user, also for a user or a password
// in the URL: all users of the host would see them.
absl::StatusOr<RedisAddress> ParseRedisUrl(std::string_view url);

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_REDIS_URL_H_
