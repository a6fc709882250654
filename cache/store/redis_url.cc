#include "cache/store/redis_url.h"

#include <sys/un.h>

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace cbzfs {
namespace {

constexpr char kForms[] =
    "write redis://HOST, redis://HOST:PORT/DB or unix:///PATH/TO/SOCKET?db=DB";
constexpr int kMostDb = 1 << 20;  // servers have 16 unless told otherwise

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("store: ", what, ": ", kForms));
}

absl::Status HasSecrets() {
  return absl::InvalidArgumentError(
      "store: the URL holds a user or a password, which everybody would see in the process list: "
      "leave them out of it and set the environment variable CBZFS_STORE_PASSWORD (and "
      "CBZFS_STORE_USER where the server has users)");
}

// Digits only: SimpleAtoi would take signs and spaces, too.
std::optional<int> Number(absl::string_view text, int least, int most) {
  int number;
  if (text.empty() || !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number) || number < least || number > most) {
    return std::nullopt;
  }
  return number;
}

absl::Status ParseDb(absl::string_view text, RedisAddress& address) {
  const std::optional<int> db = Number(text, 0, kMostDb);
  if (!db) return Wrong(absl::StrCat("the database must be a number from 0 on, not '", text, "'"));
  address.db = *db;
  return absl::OkStatus();
}

absl::Status ParsePort(absl::string_view text, RedisAddress& address) {
  const std::optional<int> port = Number(text, 1, 65535);
  if (!port) return Wrong(absl::StrCat("the port must be from 1 to 65535, not '", text, "'"));
  address.port = *port;
  return absl::OkStatus();
}

// "%3f" to "?", or the path could not hold all that a path can.
std::optional<std::string> Unescape(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    int byte;
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
        !absl::ascii_isxdigit(text[i + 2]) || !absl::SimpleHexAtoi(text.substr(i + 1, 2), &byte) ||
        byte == 0) {
      return std::nullopt;
    }
    result += static_cast<char>(byte);
    i += 2;
  }
  return result;
}

absl::Status ParseServer(absl::string_view rest, RedisAddress& address) {
  // Anywhere, because a password may hold a slash, too.
  if (absl::StrContains(rest, '@')) return HasSecrets();
  if (absl::StrContains(rest, '?') || absl::StrContains(rest, '#')) {
    return Wrong("nothing may follow the database");
  }
  const size_t slash = rest.find('/');
  absl::string_view server = rest.substr(0, slash);
  if (slash != rest.npos && slash + 1 < rest.size()) {
    if (absl::Status status = ParseDb(rest.substr(slash + 1), address); !status.ok()) return status;
  }
  absl::string_view port;
  bool has_port = false;
  if (absl::ConsumePrefix(&server, "[")) {
    const size_t end = server.find(']');
    if (end == server.npos) return Wrong("the bracket before the IPv6 address is never closed");
    address.host = std::string(server.substr(0, end));
    port = server.substr(end + 1);
    has_port = absl::ConsumePrefix(&port, ":");
    if (!has_port && !port.empty()) return Wrong("only :PORT may follow the IPv6 address");
  } else {
    const size_t colon = server.find(':');
    has_port = colon != server.npos;
    if (has_port) port = server.substr(colon + 1);
    if (absl::StrContains(port, ':')) return Wrong("an IPv6 address must be in brackets");
    address.host = std::string(server.substr(0, colon));
  }
  if (address.host.empty()) return Wrong("the URL names no host");
  for (const char c : address.host) {
    if (!absl::ascii_isgraph(c)) return Wrong("the host has characters that no host has");
  }
  return has_port ? ParsePort(port, address) : absl::OkStatus();
}

absl::Status ParseSocket(absl::string_view rest, RedisAddress& address) {
  if (!absl::StartsWith(rest, "/")) {
    if (absl::StrContains(rest, '@')) return HasSecrets();
    return Wrong("the socket's path must begin with a slash, which makes three");
  }
  const size_t question = rest.find('?');
  std::optional<std::string> path = Unescape(rest.substr(0, question));
  if (!path) return Wrong("'%' in the socket's path must be written as %25");
  if (path->size() >= sizeof(sockaddr_un::sun_path)) {
    return Wrong(absl::StrCat("a socket's path may have ", sizeof(sockaddr_un::sun_path) - 1,
                              " bytes, and this one has ", path->size()));
  }
  address.unix_socket = *std::move(path);
  if (question == rest.npos) return absl::OkStatus();
  absl::string_view query = rest.substr(question + 1);
  // Other programs take ?password= here.
  if (absl::StrContains(query, "pass") || absl::StrContains(query, "user")) return HasSecrets();
  if (!absl::ConsumePrefix(&query, "db=")) return Wrong("only ?db=DB may follow the socket's path");
  return ParseDb(query, address);
}

}  // namespace

absl::StatusOr<RedisAddress> ParseRedisUrl(std::string_view given) {
  const absl::string_view url(given.data(), given.size());
  const size_t colon = url.find("://");
  if (colon == url.npos) return Wrong("this is no URL of a Redis server");
  const std::string scheme = absl::AsciiStrToLower(url.substr(0, colon));
  const absl::string_view rest = url.substr(colon + 3);
  RedisAddress address;
  absl::Status status;
  if (scheme == "redis") {
    status = ParseServer(rest, address);
  } else if (scheme == "unix" || scheme == "redis+unix") {
    status = ParseSocket(rest, address);
  } else if (scheme == "rediss") {
    status = Wrong("rediss://, which is Redis over TLS, is not supported (a tunnel can do it)");
  } else {
    status = Wrong("the URL's scheme is not one of a Redis server");
  }
  if (!status.ok()) return status;
  return address;
}

std::string ToString(const RedisAddress& address) {
  if (!address.unix_socket.empty()) return address.unix_socket;
  if (absl::StrContains(address.host, ':')) {
    return absl::StrCat("[", address.host, "]:", address.port);
  }
  return absl::StrCat(address.host, ":", address.port);
}

}  // namespace cbzfs
