// Servers that are gone, slow, in no mood, hostile, or no Redis at all.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/store/redis_backend.h"
#include "tests/cache/store/redis_server.h"

namespace cbzfs {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr RedisLimits kPatient = {
    .connect = absl::Seconds(20), .command = absl::Seconds(20), .whole = absl::Seconds(60)};
constexpr StoreKey kKey = {1, 2, 3};

std::string Got(RedisBackend& backend) {
  absl::StatusOr<std::optional<std::string>> value = backend.Get(kKey);
  if (!value.ok()) return value.status().ToString();
  return value->value_or("(none)");
}

class RedisBackendFailureTest : public testing::Test {
 protected:
  // SIGPIPE ends a program that says nothing else about it. None may be raised.
  RedisBackendFailureTest() : old_(signal(SIGPIPE, SIG_DFL)) {}
  ~RedisBackendFailureTest() override { signal(SIGPIPE, old_); }

  // What Get makes of a server that answers it with these bytes and closes.
  static std::string AnsweredWith(const std::string& answer, const std::string& password = "") {
    FakeServer server([&](int fd, int) {
      if (!password.empty()) {
        FakeServer::Hear(fd);
        FakeServer::Say(fd, "+OK\r\n");
      }
      FakeServer::Greet(fd);
      FakeServer::Hear(fd);
      FakeServer::Say(fd, answer);
    });
    RedisBackend backend(server.address(), kPatient, "", password);
    return Got(backend);
  }

 private:
  const sighandler_t old_;
};

TEST_F(RedisBackendFailureTest, NoServerIsSaidSo) {
  RedisServer server({}, /*tcp=*/true);
  server.Kill();
  RedisBackend tcp(server.address(), kPatient, "", "hunter2");
  const std::string name = "127.0.0.1:" + std::to_string(server.address().port);
  EXPECT_EQ(Got(tcp), "UNAVAILABLE: redis server " + name + " does not answer: Connection refused");
  EXPECT_EQ(tcp.Put(kKey, "page").code(), StatusCode::kUnavailable);
  EXPECT_EQ(tcp.Remove(kKey).code(), StatusCode::kUnavailable);
  RedisBackend local({.unix_socket = "/nowhere/s"}, kPatient, "", "");
  EXPECT_EQ(Got(local),
            "UNAVAILABLE: redis server /nowhere/s does not answer: No such file or directory");
}

TEST_F(RedisBackendFailureTest, AServerThatComesBackIsUsedAgain) {
  RedisServer server({}, /*tcp=*/true);
  RedisBackend backend(server.address(), kPatient, "", "");
  EXPECT_EQ(backend.Put(kKey, "page"), absl::OkStatus());
  server.Kill();
  EXPECT_THAT(Got(backend), HasSubstr("UNAVAILABLE"));
  server.Start();
  EXPECT_EQ(Got(backend), "(none)");
  EXPECT_EQ(backend.Put(kKey, "page"), absl::OkStatus());
  server.Kill();
  server.Start();  // nobody noticed
  EXPECT_EQ(Got(backend), "(none)");
}

TEST_F(RedisBackendFailureTest, AnIdleConnectionThatTheServerClosedIsReplaced) {
  RedisServer server;
  RedisBackend backend(server.address(), kPatient, "", "");
  EXPECT_EQ(backend.Put(kKey, "page"), absl::OkStatus());
  EXPECT_EQ(server.Cli("CLIENT KILL TYPE normal SKIPME yes"), "1");
  EXPECT_EQ(Got(backend), "page");
}

TEST_F(RedisBackendFailureTest, AnIdleConnectionThatIsClosedWhenAskedIsReplacedOnce) {
  FakeServer server([](int fd, int nth) {
    FakeServer::Greet(fd);
    FakeServer::Hear(fd);
    if (nth == 3) return;
    FakeServer::Say(fd, "$1\r\n" + std::to_string(nth) + "\r\n");
    FakeServer::Hear(fd);
  });
  RedisBackend backend(server.address(), kPatient, "", "");
  EXPECT_EQ(Got(backend), "1");
  EXPECT_EQ(Got(backend), "2");  // the first is closed when it hears the second command
  EXPECT_THAT(Got(backend), AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("closed the connection")));
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(RedisBackendFailureTest, AServerThatDiesWhileItIsToldRaisesNoSignal) {
  FakeServer server([](int fd, int) {
    FakeServer::Greet(fd);
    FakeServer::Hear(fd);  // its beginning
  });
  RedisBackend backend(server.address(), kPatient, "", "");
  const absl::Status status = backend.Put(kKey, std::string(5 << 20, 'x'));
  EXPECT_THAT(status.ToString(), AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("Broken pipe")));
}

TEST_F(RedisBackendFailureTest, PartOfAnAnswerIsNone) {
  for (const char* part : {"$", "$10\r\n", "$10\r\nabc", "$3\r\nabc", "$-1", "+OK"}) {
    EXPECT_THAT(AnsweredWith(part), AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("within an answer")));
  }
}

TEST_F(RedisBackendFailureTest, WhatIsNoAnswerIsAnError) {
  for (const char* answer :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n", "$x\r\n", "$-7\r\n", "$1\r\nabc",
        "*1\r\n$1\r\na\r\n", "*2000000000\r\n", "+OK\r\n", ":1\r\n"}) {
    EXPECT_THAT(AnsweredWith(answer),
                AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("is it a Redis server?")))
        << answer;
  }
}

TEST_F(RedisBackendFailureTest, AValueIsNoAnswerToPutOrRemove) {
  FakeServer server([](int fd, int) {
    FakeServer::Greet(fd);
    while (!FakeServer::Hear(fd).empty()) FakeServer::Say(fd, "$2\r\nOK\r\n");
  });
  RedisBackend backend(server.address(), kPatient, "", "");
  EXPECT_THAT(backend.Put(kKey, "page").ToString(), HasSubstr("is it a Redis server?"));
  EXPECT_THAT(backend.Remove(kKey).ToString(), HasSubstr("is it a Redis server?"));
  EXPECT_EQ(Got(backend), "OK");
}

TEST_F(RedisBackendFailureTest, AnEndlessAnswerIsGivenUp) {
  for (const auto& [beginning, limit] : std::vector<std::array<const char*, 2>>{
           {"$99999999999999999999\r\n", "no answer"},
           {"$9000000000\r\n", "67108864"},
           {"$67108865\r\n", "67108864"},
           {"+", "65536"},
           {"$", "65536"},
       }) {
    FakeServer server([text = beginning](int fd, int) {
      FakeServer::Greet(fd);
      FakeServer::Hear(fd);
      FakeServer::Say(fd, text);
      const std::string part(1 << 20, '1');
      for (int i = 0; i < 100; ++i) FakeServer::Say(fd, part);
    });
    RedisBackend backend(server.address(), kPatient, "", "");
    EXPECT_THAT(Got(backend), HasSubstr(limit)) << beginning;
    EXPECT_FALSE(backend.Remove(kKey).ok());
  }
}

TEST_F(RedisBackendFailureTest, WhatNobodyAskedForIsNoAnswerToTheNext) {
  FakeServer server([](int fd, int nth) {
    FakeServer::Greet(fd);
    FakeServer::Hear(fd);
    FakeServer::Say(fd, nth == 1 ? "$1\r\na\r\n$5\r\nwrong\r\n" : "$1\r\nb\r\n");
    EXPECT_EQ(FakeServer::Hear(fd), "");  // the connection is given up
  });
  RedisBackend backend(server.address(), kPatient, "", "");
  EXPECT_EQ(Got(backend), "a");
  EXPECT_EQ(Got(backend), "b");
}

TEST_F(RedisBackendFailureTest, ASilentServerIsWaitedForOnlySoLong) {
  RedisServer server({}, /*tcp=*/true);
  RedisBackend backend(server.address(), {}, "", "");
  server.Pause();  // the kernel goes on taking connections and bytes for it
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(Got(backend), AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("silent for 250ms")));
  EXPECT_THAT(backend.Put(kKey, std::string(32 << 20, 'x')).ToString(), HasSubstr("UNAVAILABLE"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  server.Resume();
  RedisBackend patient(server.address(), kPatient, "", "");
  EXPECT_EQ(Got(patient), "(none)");
}

TEST_F(RedisBackendFailureTest, AServerThatDripsIsGivenUp) {
  FakeServer server([](int fd, int) {
    FakeServer::Greet(fd);
    FakeServer::Hear(fd);
    FakeServer::Say(fd, "$1000000\r\n");
    for (char byte = 'x'; send(fd, &byte, 1, MSG_NOSIGNAL) == 1;) usleep(5000);
  });
  RedisBackend backend(
      server.address(),
      {.connect = absl::Seconds(20), .command = absl::Seconds(20), .whole = absl::Seconds(1)}, "",
      "");
  EXPECT_THAT(Got(backend), AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("in time")));
}

TEST_F(RedisBackendFailureTest, ErrorsAreWhatTheUserCanDoSomethingAbout) {
  for (const auto& [error, code, hint] : std::vector<std::array<const char*, 3>>{
           {"OOM command not allowed when used memory > 'maxmemory'.", "RESOURCE_EXHAUSTED", "OOM"},
           {"NOAUTH Authentication required.", "PERMISSION_DENIED", "CBZFS_STORE_PASSWORD"},
           {"WRONGPASS invalid username-password pair", "PERMISSION_DENIED", "CBZFS_STORE_USER"},
           {"NOPERM no permissions to run the 'get' command", "PERMISSION_DENIED", "allowed GET"},
           {"DENIED Redis is running in protected mode", "PERMISSION_DENIED", "protected mode"},
           {"LOADING Redis is loading the dataset in memory", "UNAVAILABLE", "loading"},
           {"READONLY You can't write against a read only replica.", "UNAVAILABLE", "its primary"},
           {"MOVED 3999 127.0.0.1:6381", "UNAVAILABLE", "clusters are not supported"},
           {"MISCONF unable to persist to disk", "UNAVAILABLE", "persist"},
           {"ERR max number of clients reached", "UNAVAILABLE", "clients"},
           {"ERR something else", "INTERNAL", "something else"},
           {"oom", "INTERNAL", "oom"},
           {"", "INTERNAL", "says"},
       }) {
    EXPECT_THAT(AnsweredWith(std::string("-") + error + "\r\n"),
                AllOf(testing::StartsWith(code), HasSubstr("redis server /tmp/"), HasSubstr(hint)));
  }
  EXPECT_THAT(AnsweredWith("-ERR \x1b[2J\x01\r\n"), HasSubstr("says: ERR ?[2J?"));
}

TEST_F(RedisBackendFailureTest, AServerThatRefusesTheConnectionIsHeard) {
  FakeServer server([](int fd, int) { FakeServer::Say(fd, "-DENIED protected mode\r\n"); });
  for (int i = 0; i < 50; ++i) {  // it closes before, while or after we speak
    RedisBackend backend(server.address(), kPatient, "", i % 2 ? "hunter2" : "");
    EXPECT_THAT(Got(backend), AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("protected mode")));
  }
}

TEST_F(RedisBackendFailureTest, NoMessageHoldsThePassword) {
  for (const char* answer : {"-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n",
                             "-ERR unknown command 'AUTH', with args beginning with: 'hunt\r\n",
                             "-WRONGPASS hunter2\r\n", "-LOADING hunter2\r\n"}) {
    FakeServer server([&](int fd, int) {
      EXPECT_THAT(FakeServer::Hear(fd), HasSubstr("hunter2"));
      FakeServer::Say(fd, answer);
    });
    RedisBackend backend(server.address(), kPatient, "", "hunter2");
    EXPECT_THAT(Got(backend), AllOf(HasSubstr("redis server"), Not(HasSubstr("hunt")))) << answer;
  }
  for (const char* answer : {"-ERR hunter2\r\n", "-OOM hunter2\r\n", "hunter2\r\n"}) {
    EXPECT_THAT(AnsweredWith(answer, "hunter2"),
                AllOf(HasSubstr("redis server"), Not(HasSubstr("hunter2"))));
  }
}

}  // namespace
}  // namespace cbzfs
