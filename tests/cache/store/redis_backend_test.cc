// RedisBackend and a real redis-server of the test's own.

#include "cache/store/redis_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

StoreKey Key(uint8_t number) { return {number, 0xab}; }

class RedisBackendTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "redis-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    socket_ = folder_ + "/s";
  }
  void TearDown() override {
    EndServer();
    std::filesystem::remove_all(folder_);
  }

  void StartServer(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"redis-server", "--port", "0",    "--unixsocket",
                                      socket_,        "--save", "",     "--appendonly",
                                      "no",           "--dir",  folder_};
    words.insert(words.end(), more.begin(), more.end());
    const pid_t parent = getpid();
    server_ = fork();
    if (server_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent || freopen("/dev/null", "w", stdout) == nullptr) _exit(1);
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (!Answers()) {
      ASSERT_EQ(waitpid(server_, nullptr, WNOHANG), 0) << "is redis-server installed?";
      ASSERT_LT(absl::Now(), deadline);
      absl::SleepFor(absl::Milliseconds(5));
    }
  }
  bool Answers() const {
    RedisBackend probe(Address(), {}, "", password_);
    return probe.Get({}).ok();
  }
  void EndServer() {
    if (server_ <= 0) return;
    kill(server_, SIGKILL);
    waitpid(server_, nullptr, 0);
    server_ = 0;
  }

  RedisAddress Address(int db = 0) const { return {.db = db, .unix_socket = socket_}; }
  std::unique_ptr<RedisBackend> Backend(int db = 0) const {
    return std::make_unique<RedisBackend>(Address(db), limits_, "", password_);
  }

  // A server of ours, that takes connections and says `reply` to whatever it is sent.
  void StartImpostor(const std::string& reply) {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un place = {.sun_family = AF_UNIX};
    socket_.copy(place.sun_path, sizeof(place.sun_path) - 1);
    ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&place), sizeof(place)), 0);
    ASSERT_EQ(listen(listener_, 8), 0);
    impostor_ = std::thread([this, reply] {
      std::vector<int> open;
      for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
        open.push_back(fd);
        char request[4096];
        if (reply.empty() || read(fd, request, sizeof(request)) <= 0) continue;
        EXPECT_EQ(write(fd, reply.data(), reply.size()), static_cast<ssize_t>(reply.size()));
      }
      for (const int fd : open) close(fd);
    });
  }
  void EndImpostor() {
    shutdown(listener_, SHUT_RDWR);
    impostor_.join();
    close(listener_);
    unlink(socket_.c_str());
  }

  std::string folder_;
  std::string socket_;
  std::string password_;
  RedisLimits limits_{absl::Seconds(20), absl::Seconds(20)};
  pid_t server_ = 0;
  int listener_ = -1;
  std::thread impostor_;
};

TEST_F(RedisBackendTest, WhatIsPutCanBeHadByAnother) {
  StartServer();
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const std::string large(5 << 20, '\r');
  auto one = Backend();
  auto other = Backend();
  EXPECT_EQ(*one->Get(Key(1)), std::nullopt);
  ASSERT_TRUE(one->Put(Key(1), bytes).ok());
  ASSERT_TRUE(one->Put(Key(2), "").ok());
  ASSERT_TRUE(one->Put(Key(3), large).ok());
  EXPECT_THAT(*other->Get(Key(1)), Optional(bytes));
  EXPECT_THAT(*other->Get(Key(2)), Optional(std::string()));
  EXPECT_THAT(*other->Get(Key(3)), Optional(large));
  ASSERT_TRUE(other->Remove(Key(1)).ok());
  ASSERT_TRUE(other->Remove(Key(1)).ok());
  EXPECT_EQ(*one->Get(Key(1)), std::nullopt);
  EXPECT_EQ(*Backend(1)->Get(Key(2)), std::nullopt);  // another database
}

TEST_F(RedisBackendTest, AServerThatIsGoneIsUnavailableAndComesBack) {
  auto backend = Backend();
  EXPECT_EQ(backend->Get(Key(1)).status().code(), absl::StatusCode::kUnavailable);
  StartServer();
  ASSERT_TRUE(backend->Put(Key(1), "page").ok());
  EndServer();
  EXPECT_EQ(backend->Put(Key(1), std::string(1 << 20, 'x')).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(backend->Get(Key(1)).status().message()),
              HasSubstr(absl::StrCat(socket_, " does not answer")));
  StartServer();
  EXPECT_EQ(*backend->Get(Key(1)), std::nullopt);
}

TEST_F(RedisBackendTest, AConnectionThatWasClosedMeanwhileCostsNothing) {
  StartServer();
  auto backend = Backend();
  ASSERT_TRUE(backend->Put(Key(1), "page").ok());
  EndServer();
  StartServer();
  EXPECT_TRUE(backend->Put(Key(1), "page").ok());
  EXPECT_THAT(*backend->Get(Key(1)), Optional(std::string("page")));
}

TEST_F(RedisBackendTest, AServerThatNeverAnswersIsNotWaitedFor) {
  StartImpostor("");
  limits_.command = absl::Milliseconds(20);
  EXPECT_THAT(std::string(Backend()->Get(Key(1)).status().message()),
              HasSubstr("no answer in time"));
  EndImpostor();
}

TEST_F(RedisBackendTest, WhatIsNoRedisIsUnavailable) {
  for (const std::string reply : {"HTTP/1.1 400 Bad Request\r\n\r\n", "*1\r\n$1\r\nx\r\n", ":5\r\n",
                                  "+OK\r\n", "$-5\r\n", "-\r\n"}) {
    StartImpostor(reply);
    EXPECT_EQ(Backend()->Get(Key(1)).status().code(), absl::StatusCode::kUnavailable) << reply;
    EndImpostor();
  }
}

TEST_F(RedisBackendTest, TheRightPasswordAndOnlyThat) {
  password_ = "open sesame";
  StartServer({"--requirepass", password_});
  EXPECT_TRUE(Backend(2)->Put(Key(1), "page").ok());
  for (const std::string wrong : {"wrong-one", ""}) {
    RedisBackend backend(Address(), limits_, "", wrong);
    const absl::Status status = backend.Get(Key(1)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("CBZFS_STORE_PASSWORD"));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("wrong-one")));
  }
  EXPECT_TRUE(RedisBackend(Address(), limits_, "default", password_).Get(Key(1)).ok());
}

TEST_F(RedisBackendTest, AFullServerSaysSoOrLetsOldPagesGo) {
  StartServer({"--maxmemory", "8mb", "--maxmemory-policy", "noeviction"});
  auto backend = Backend();
  absl::Status status;
  for (uint8_t i = 0; i < 20 && status.ok(); ++i)
    status = backend->Put(Key(i), std::string(1 << 20, 'x'));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EndServer();
  StartServer({"--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"});
  for (uint8_t i = 0; i < 20; ++i)
    ASSERT_TRUE(backend->Put(Key(i), std::string(1 << 20, 'x')).ok());
  EXPECT_EQ(*backend->Get(Key(0)), std::nullopt);
  EXPECT_TRUE(backend->Get(Key(19))->has_value());
}

TEST_F(RedisBackendTest, ManyAtOnce) {
  StartServer();
  auto backend = Backend();
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const auto number = static_cast<uint8_t>((i + t) % 40);
        const std::string value(1000 + number, static_cast<char>(number));
        if (!backend->Put(Key(number), value).ok()) ++wrong;
        const auto got = backend->Get(Key(number));
        if (!got.ok() || *got != value) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace cbzfs
