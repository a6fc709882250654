#include "cache/store/redis_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cbzfs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RedisAddress Parsed(std::string_view url) {
  auto address = ParseRedisUrl(url);
  EXPECT_TRUE(address.ok()) << url << ": " << address.status();
  return address.value_or(RedisAddress{});
}

TEST(RedisUrlTest, HostPortAndDatabase) {
  for (const auto& [url, name, db] : {std::tuple{"redis://localhost", "localhost:6379", 0},
                                      {"redis://localhost/", "localhost:6379", 0},
                                      {"redis://10.0.0.1:7000/2", "10.0.0.1:7000", 2},
                                      {"redis://host/15", "host:6379", 15},
                                      {"redis://[::1]", "[::1]:6379", 0},
                                      {"redis://[fe80::1]:1/3", "[fe80::1]:1", 3},
                                      {"unix:///run/redis.sock", "/run/redis.sock", 0},
                                      {"unix:///run/redis.sock?db=4", "/run/redis.sock", 4}}) {
    const RedisAddress address = Parsed(url);
    EXPECT_EQ(address.Name(), name);
    EXPECT_EQ(address.db, db) << url;
  }
  EXPECT_EQ(Parsed("redis://[::1]").host, "::1");
}

TEST(RedisUrlTest, WhatIsWrongIsSaid) {
  for (const auto& [url, why] : {std::pair{"http://host", "begins with redis://"},
                                 {"redis://", "host is missing"},
                                 {"redis://:6379", "host is missing"},
                                 {"redis://host:", "port is a number"},
                                 {"redis://host:0", "port is a number"},
                                 {"redis://host:65536", "port is a number"},
                                 {"redis://host:12a", "port is a number"},
                                 {"redis://host/x", "database after the /"},
                                 {"redis://host/-1", "database after the /"},
                                 {"redis://::1", "stands in brackets"},
                                 {"redis://[::1", "] is missing"},
                                 {"redis://[::1]6379", "comes a colon"},
                                 {"unix://run/redis", "begins with /"},
                                 {"unix:///run/redis?x=1", "may be db="}}) {
    EXPECT_THAT(std::string(ParseRedisUrl(url).status().message()), HasSubstr(why)) << url;
  }
}

TEST(RedisUrlTest, APasswordIsRefusedAndNotRepeated) {
  for (const char* url : {"redis://:secret@host", "redis://me:secret@host:1/2"}) {
    const auto address = ParseRedisUrl(url);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(address.status().message()), HasSubstr("CBZFS_STORE_PASSWORD"));
    EXPECT_THAT(std::string(address.status().message()), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace cbzfs
