// What is kept on a real server. See redis_backend_failure_test.cc for servers that fail.

#include "cache/store/redis_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/cache/store/redis_server.h"

namespace cbzfs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// No test is about time here, and the machine may be busy.
constexpr RedisLimits kPatient = {
    .connect = absl::Seconds(20), .command = absl::Seconds(20), .whole = absl::Seconds(60)};

StoreKey Key(int number) {
  StoreKey key = {0xab};
  key[14] = static_cast<uint8_t>(number >> 8);
  key[15] = static_cast<uint8_t>(number);
  return key;
}

// As text: the value, "(none)", or the error.
std::string Got(RedisBackend& backend, int key) {
  absl::StatusOr<std::optional<std::string>> value = backend.Get(Key(key));
  if (!value.ok()) return value.status().ToString();
  return value->value_or("(none)");
}

RedisBackend Open(const RedisAddress& address, std::string user = "", std::string password = "") {
  return RedisBackend(address, kPatient, std::move(user), std::move(password));
}

void ExpectEveryKindOfValue(RedisBackend& backend) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  std::string large;
  for (size_t i = 0; large.size() < 5 << 20; ++i) large += bytes[(i * i >> 3) & 0xff];
  for (const std::string& value : {bytes, std::string(), std::string("\r\n$-1\r\n"), large}) {
    ASSERT_EQ(backend.Put(Key(1), value), absl::OkStatus());
    EXPECT_TRUE(Got(backend, 1) == value) << value.size();
  }
}

TEST(RedisBackendTest, ValuesComeBackByteForByte) {
  const RedisServer server;
  RedisBackend backend = Open(server.address());
  ExpectEveryKindOfValue(backend);
}

TEST(RedisBackendTest, ValuesComeBackByteForByteOverTcp) {
  const RedisServer server({}, /*tcp=*/true);
  RedisBackend backend = Open(server.address());
  ExpectEveryKindOfValue(backend);
}

TEST(RedisBackendTest, ValuesAreGoneOnceRemoved) {
  const RedisServer server;
  RedisBackend backend = Open(server.address());
  EXPECT_EQ(Got(backend, 1), "(none)");
  EXPECT_EQ(backend.Remove(Key(1)), absl::OkStatus());
  EXPECT_EQ(backend.Put(Key(1), "one"), absl::OkStatus());
  EXPECT_EQ(backend.Put(Key(2), "two"), absl::OkStatus());
  EXPECT_EQ(backend.Remove(Key(1)), absl::OkStatus());
  EXPECT_EQ(Got(backend, 1), "(none)");
  EXPECT_EQ(Got(backend, 2), "two");
}

TEST(RedisBackendTest, BackendsShareWhatIsKept) {
  const RedisServer server;
  RedisBackend one = Open(server.address());
  RedisBackend other = Open(server.address());
  EXPECT_EQ(one.Put(Key(1), "page"), absl::OkStatus());
  EXPECT_EQ(Got(other, 1), "page");
  EXPECT_EQ(other.Put(Key(1), "better page"), absl::OkStatus());
  EXPECT_EQ(Got(one, 1), "better page");
}

TEST(RedisBackendTest, DatabasesAreApart) {
  const RedisServer server;
  RedisBackend zero = Open(server.address(0));
  RedisBackend three = Open(server.address(3));
  EXPECT_EQ(three.Put(Key(1), "in three"), absl::OkStatus());
  EXPECT_EQ(Got(zero, 1), "(none)");
  EXPECT_EQ(Got(three, 1), "in three");
  RedisBackend none = Open(server.address(99));
  EXPECT_THAT(Got(none, 1), AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("no database 99")));
}

TEST(RedisBackendTest, KeysAndConnectionsAreNamed) {
  const RedisServer server;
  RedisBackend backend = Open(server.address());
  EXPECT_EQ(backend.Put(Key(0x1ff), "page"), absl::OkStatus());
  EXPECT_EQ(server.Cli("KEYS '*'"), "cbzfs:1:ab0000000000000000000000000001ff");
  EXPECT_EQ(server.Cli("TTL cbzfs:1:ab0000000000000000000000000001ff"), "-1");
  EXPECT_THAT(server.Cli("CLIENT LIST"), HasSubstr("name=cbzfs "));
}

TEST(RedisBackendTest, OneConnectionServesCallsThatFollowEachOther) {
  const RedisServer server;
  RedisBackend backend = Open(server.address());
  EXPECT_EQ(server.Cli("CONFIG RESETSTAT"), "OK");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(backend.Put(Key(i), "page"), absl::OkStatus());
  // The other is the one that asks.
  EXPECT_THAT(server.Cli("INFO stats"), HasSubstr("total_connections_received:2\r"));
}

TEST(RedisBackendTest, ThePasswordMustBeTheServers) {
  const RedisServer server({"--requirepass", "hunter2"});
  RedisBackend right = Open(server.address(2), "", "hunter2");
  EXPECT_EQ(right.Put(Key(1), "page"), absl::OkStatus());
  EXPECT_EQ(Got(right, 1), "page");
  RedisBackend wrong = Open(server.address(2), "", "hunter3");
  EXPECT_THAT(Got(wrong, 1),
              AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr(server.address().unix_socket),
                    HasSubstr("CBZFS_STORE_PASSWORD"), Not(HasSubstr("hunter"))));
  RedisBackend missing = Open(server.address(2));
  EXPECT_THAT(Got(missing, 1),
              AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("CBZFS_STORE_PASSWORD")));
}

TEST(RedisBackendTest, APasswordThatNobodyAskedForIsRefused) {
  const RedisServer server;
  RedisBackend backend = Open(server.address(), "", "hunter2");
  EXPECT_THAT(Got(backend, 1), AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("expects none"),
                                     Not(HasSubstr("hunter2"))));
}

TEST(RedisBackendTest, UsersMayDoWhatTheServerAllows) {
  const RedisServer server;
  // CLIENT is not among it: the name of the connection is no condition.
  ASSERT_EQ(server.Cli("ACL SETUSER reader on '>hunter2' '~cbzfs:1:*' +get"), "OK");
  ASSERT_EQ(server.Cli("SET cbzfs:1:ab000000000000000000000000000001 page"), "OK");
  RedisBackend reader = Open(server.address(), "reader", "hunter2");
  EXPECT_EQ(Got(reader, 1), "page");
  EXPECT_THAT(reader.Put(Key(1), "other").ToString(),
              AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("'set'"), HasSubstr("GET, SET")));
  EXPECT_EQ(Got(reader, 1), "page");
  RedisBackend stranger = Open(server.address(), "stranger", "hunter2");
  EXPECT_THAT(Got(stranger, 1), HasSubstr("PERMISSION_DENIED"));
}

TEST(RedisBackendTest, TheLongestValueIsKeptAndALongerOneIsNot) {
  const RedisServer server;
  RedisBackend backend = Open(server.address());
  std::string value(kMaxStoredValue, 'x');
  EXPECT_EQ(backend.Put(Key(1), value), absl::OkStatus());
  EXPECT_TRUE(Got(backend, 1) == value);
  value += 'x';
  EXPECT_TRUE(absl::IsInvalidArgument(backend.Put(Key(2), value)));
  EXPECT_EQ(Got(backend, 2), "(none)");
  ASSERT_EQ(server.Cli("APPEND cbzfs:1:ab000000000000000000000000000001 x"), "67108865");
  EXPECT_THAT(Got(backend, 1), AllOf(HasSubstr("DATA_LOSS"), HasSubstr("longer")));
  EXPECT_EQ(backend.Remove(Key(1)), absl::OkStatus());
  EXPECT_EQ(Got(backend, 1), "(none)");
}

TEST(RedisBackendTest, AKeyThatHoldsNoValueIsAnError) {
  const RedisServer server;
  RedisBackend backend = Open(server.address());
  ASSERT_EQ(server.Cli("RPUSH cbzfs:1:ab000000000000000000000000000001 a b"), "2");
  EXPECT_THAT(Got(backend, 1), AllOf(HasSubstr("DATA_LOSS"), HasSubstr("another program")));
  EXPECT_EQ(backend.Remove(Key(1)), absl::OkStatus());
  EXPECT_EQ(Got(backend, 1), "(none)");
}

TEST(RedisBackendTest, AFullServerKeepsWhatItHas) {
  const RedisServer server({"--maxmemory", "8mb", "--maxmemory-policy", "noeviction"});
  RedisBackend backend = Open(server.address());
  const std::string page(1 << 20, 'x');
  absl::Status status;
  int kept = 0;
  while (status.ok() && kept < 20) {
    status = backend.Put(Key(kept), page);
    if (status.ok()) ++kept;
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_GE(kept, 1);
  EXPECT_TRUE(Got(backend, 0) == page);
  EXPECT_EQ(server.Cli("CONFIG RESETSTAT"), "OK");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(absl::IsResourceExhausted(backend.Put(Key(kept), page)));
  }
  EXPECT_THAT(server.Cli("INFO stats"), HasSubstr("total_connections_received:1\r"));
  for (int i = 0; i < kept; ++i) EXPECT_EQ(backend.Remove(Key(i)), absl::OkStatus());
  EXPECT_EQ(backend.Put(Key(kept), page), absl::OkStatus());
}

TEST(RedisBackendTest, AServerThatEvictsLetsOldValuesGo) {
  const RedisServer server({"--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"});
  RedisBackend backend = Open(server.address());
  const std::string page(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) EXPECT_EQ(backend.Put(Key(i), page), absl::OkStatus()) << i;
  int kept = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string got = Got(backend, i);
    kept += got == page;
    EXPECT_TRUE(got == page || got == "(none)") << i;
  }
  EXPECT_GE(kept, 1);
  EXPECT_LE(kept, 8);
}

TEST(RedisBackendTest, ThreadsGetTheirOwnAnswers) {
  const RedisServer server;
  RedisBackend backend = Open(server.address());
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int thread = 0; thread < 16; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 60; ++i) {
        const int key = thread * 60 + i;
        const std::string value = std::string(size_t{997} * i, 'x') + std::to_string(key);
        if (!backend.Put(Key(key), value).ok() || Got(backend, key) != value) ++wrong;
        if (i % 2 && (!backend.Remove(Key(key)).ok() || Got(backend, key) != "(none)")) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(server.Cli("DBSIZE"), std::to_string(16 * 60 / 2));
  const std::string clients = server.Cli("CLIENT LIST");
  size_t open = 0;
  for (size_t at = 0; (at = clients.find("name=cbzfs ", at)) != clients.npos; ++at) ++open;
  EXPECT_GE(open, 1u);
  EXPECT_LE(open, RedisBackend::kKept);
}

}  // namespace
}  // namespace cbzfs
