#include "cache/store/redis_url.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace cbzfs {
namespace {

absl::Status Wrong(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the store's address: ", why,
                   "; it is redis://HOST:PORT/DB, or unix:///PATH/TO/SOCKET?db=DB"));
}

bool ParseNumber(absl::string_view text, int least, int most, int* number) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos &&
         absl::SimpleAtoi(text, number) && *number >= least && *number <= most;
}

absl::StatusOr<RedisAddress> ParseUnix(absl::string_view rest) {
  RedisAddress address;
  const size_t query = rest.find('?');
  if (query != rest.npos) {
    absl::string_view db = rest.substr(query + 1);
    if (!absl::ConsumePrefix(&db, "db=") || !ParseNumber(db, 0, 1'000'000, &address.db)) {
      return Wrong("after the ? there may be db= and a number");
    }
  }
  address.unix_socket = std::string(rest.substr(0, query));
  if (!absl::StartsWith(address.unix_socket, "/")) return Wrong("the socket's path begins with /");
  return address;
}

}  // namespace

std::string RedisAddress::Name() const {
  if (!unix_socket.empty()) return unix_socket;
  const bool ipv6 = host.find(':') != host.npos;
  return ipv6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<RedisAddress> ParseRedisUrl(std::string_view whole) {
  absl::string_view url(whole.data(), whole.size());
  if (absl::ConsumePrefix(&url, "unix://")) return ParseUnix(url);
  if (!absl::ConsumePrefix(&url, "redis://")) return Wrong("it begins with redis:// or unix://");
  if (url.find('@') != url.npos) {
    return absl::InvalidArgumentError(
        "a user or a password in the store's address would be seen by everybody who lists"
        " processes; put them into the environment, CBZFS_STORE_USER and CBZFS_STORE_PASSWORD");
  }
  RedisAddress address;
  const size_t slash = url.find('/');
  absl::string_view place = url.substr(0, slash);
  if (slash != url.npos && slash + 1 < url.size() &&
      !ParseNumber(url.substr(slash + 1), 0, 1'000'000, &address.db)) {
    return Wrong("the database after the / is a number");
  }
  absl::string_view port;
  bool has_port = false;
  if (absl::ConsumePrefix(&place, "[")) {
    const size_t end = place.find(']');
    if (end == place.npos) return Wrong("a ] is missing");
    address.host = std::string(place.substr(0, end));
    port = place.substr(end + 1);
    has_port = absl::ConsumePrefix(&port, ":");
    if (!has_port && !port.empty()) return Wrong("after the ] comes a colon and the port");
  } else {
    const size_t colon = place.find(':');
    address.host = std::string(place.substr(0, colon));
    has_port = colon != place.npos;
    if (has_port) port = place.substr(colon + 1);
    if (port.find(':') != port.npos) return Wrong("an IPv6 address stands in brackets");
  }
  if (address.host.empty()) return Wrong("the host is missing");
  if (has_port && !ParseNumber(port, 1, 65535, &address.port)) {
    return Wrong("the port is a number from 1 to 65535");
  }
  return address;
}

}  // namespace cbzfs
