// Where a Redis server is, as the user writes it: redis://HOST[:PORT][/DB] or
// unix:///PATH/TO/SOCKET[?db=N] (redis+unix:// is the same).
//
// The URL is in the process list for everybody to see, so it takes no user and no password: those
// come with the environment. No error quotes what could be one of them.

#ifndef CBZFS_CACHE_STORE_REDIS_URL_H_
#define CBZFS_CACHE_STORE_REDIS_URL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cbzfs {

struct RedisAddress {
  std::string host;  // a name, or an IPv4 or IPv6 address without brackets
  int port = 6379;
  int db = 0;
  std::string unix_socket;  // when not empty, host and port mean nothing
};

// kInvalidArgument, with what is wrong and what is right, for the user to read.
absl::StatusOr<RedisAddress> ParseRedisUrl(std::string_view url);

// HOST:PORT, [HOST]:PORT or the socket's path, for messages.
std::string ToString(const RedisAddress& address);

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_REDIS_URL_H_
