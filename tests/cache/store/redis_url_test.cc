#include "cache/store/redis_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cbzfs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// "HOST|PORT|DB|SOCKET", or the error.
std::string Parsed(std::string_view url) {
  const absl::StatusOr<RedisAddress> address = ParseRedisUrl(url);
  if (!address.ok()) {
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(address.status().message());
  }
  return address->host + "|" + std::to_string(address->port) + "|" + std::to_string(address->db) +
         "|" + address->unix_socket;
}

TEST(RedisUrlTest, PortAndDatabaseMayBeLeftOut) {
  EXPECT_EQ(Parsed("redis://nas"), "nas|6379|0|");
  EXPECT_EQ(Parsed("redis://nas/"), "nas|6379|0|");
  EXPECT_EQ(Parsed("redis://nas.lan:7000"), "nas.lan|7000|0|");
  EXPECT_EQ(Parsed("redis://10.0.0.2:7000/3"), "10.0.0.2|7000|3|");
  EXPECT_EQ(Parsed("REDIS://nas/15"), "nas|6379|15|");
}

TEST(RedisUrlTest, Ipv6IsInBrackets) {
  EXPECT_EQ(Parsed("redis://[::1]"), "::1|6379|0|");
  EXPECT_EQ(Parsed("redis://[fe80::1]:7000/2"), "fe80::1|7000|2|");
  EXPECT_THAT(Parsed("redis://::1"), HasSubstr("brackets"));
  EXPECT_THAT(Parsed("redis://[::1"), HasSubstr("never closed"));
  EXPECT_THAT(Parsed("redis://[::1]7000"), HasSubstr("only :PORT"));
  EXPECT_THAT(Parsed("redis://[]"), HasSubstr("no host"));
}

TEST(RedisUrlTest, SocketsHaveAPathAndPerhapsADatabase) {
  EXPECT_EQ(Parsed("unix:///run/redis.sock"), "|6379|0|/run/redis.sock");
  EXPECT_EQ(Parsed("redis+unix:///run/a@b?db=4"), "|6379|4|/run/a@b");
  EXPECT_EQ(Parsed("unix:///run/100%25%3f"), "|6379|0|/run/100%?");
  EXPECT_THAT(Parsed("unix:///run/100%"), HasSubstr("%25"));
  EXPECT_THAT(Parsed("unix:///run/%00"), HasSubstr("%25"));
  EXPECT_THAT(Parsed("unix://run/redis.sock"), HasSubstr("begin with a slash"));
  EXPECT_THAT(Parsed("unix:///run/redis.sock?db="), HasSubstr("must be a number"));
  EXPECT_THAT(Parsed("unix:///run/redis.sock?timeout=4"), HasSubstr("only ?db=DB"));
}

TEST(RedisUrlTest, APathThatASocketCannotHaveIsRefused) {
  EXPECT_EQ(Parsed("unix:///" + std::string(106, 'a')), "|6379|0|/" + std::string(106, 'a'));
  EXPECT_THAT(Parsed("unix:///" + std::string(107, 'a')),
              AllOf(HasSubstr("107 bytes"), HasSubstr("has 108")));
}

TEST(RedisUrlTest, WrongNumbersAreNamed) {
  for (const char* port : {"0", "65536", "x", "", "-1", "+1", " 1", "99999999999999999999"}) {
    EXPECT_THAT(Parsed(std::string("redis://nas:") + port),
                AllOf(HasSubstr("from 1 to 65535"), HasSubstr("'" + std::string(port) + "'")));
  }
  for (const char* db : {"x", "-1", "+1", "1/", "1 ", "99999999999999999999"}) {
    EXPECT_THAT(Parsed(std::string("redis://nas/") + db),
                AllOf(HasSubstr("must be a number"), HasSubstr("'" + std::string(db) + "'")));
  }
}

TEST(RedisUrlTest, SecretsAreRefusedAndNeverRepeated) {
  for (const char* url : {
           "redis://alice:hunter2@nas/0",
           "redis://:hunter2@nas",
           "redis://:a/hunter2@nas/0",
           "redis://hunter2@nas",
           "unix://:hunter2@/run/redis.sock",
           "unix:///run/redis.sock?password=hunter2",
           "unix:///run/redis.sock?db=1&password=hunter2",
       }) {
    EXPECT_THAT(Parsed(url), AllOf(HasSubstr("process list"), HasSubstr("CBZFS_STORE_PASSWORD"),
                                   HasSubstr("CBZFS_STORE_USER"), Not(HasSubstr("hunter2"))))
        << url;
  }
  EXPECT_THAT(Parsed("rediss://:hunter2@nas"), AllOf(HasSubstr("TLS"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(Parsed("http://:hunter2@nas"), AllOf(HasSubstr("scheme"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(Parsed(":hunter2@nas"), AllOf(HasSubstr("no URL"), Not(HasSubstr("hunter2"))));
}

TEST(RedisUrlTest, WhatIsNoAddressIsRefusedWithTheRightForms) {
  for (const char* url : {"", "redis", "redis:nas", "redis://", "redis:///1", "redis://:7000",
                          "redis://n as", "redis://nas/1?x=2", "redis://nas/1#a", "unix://"}) {
    EXPECT_THAT(Parsed(url), HasSubstr("write redis://HOST")) << url;
  }
}

TEST(RedisUrlTest, AddressesAreWrittenAsTheyAreRead) {
  EXPECT_EQ(ToString(*ParseRedisUrl("redis://nas:7000/3")), "nas:7000");
  EXPECT_EQ(ToString(*ParseRedisUrl("redis://[::1]/3")), "[::1]:6379");
  EXPECT_EQ(ToString(*ParseRedisUrl("unix:///run/redis.sock?db=3")), "/run/redis.sock");
}

}  // namespace
}  // namespace cbzfs
