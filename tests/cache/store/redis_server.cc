#include "tests/cache/store/redis_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace cbzfs {
namespace {

std::string MakeFolder() {
  char folder[] = "/tmp/cbzfs-redis-XXXXXX";
  EXPECT_NE(mkdtemp(folder), nullptr);
  return folder;
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  socklen_t size = sizeof(name);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size), 0);
  close(fd);
  return ntohs(name.sin_port);
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> options, bool tcp)
    : folder_(MakeFolder()),
      socket_(folder_ + "/s"),
      options_(std::move(options)),
      port_(tcp ? FreePort() : 0) {
  Start();
}

RedisServer::~RedisServer() {
  Kill();
  std::filesystem::remove_all(folder_);
}

void RedisServer::Start() {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    std::to_string(port_),
                                    "--bind",
                                    "127.0.0.1",
                                    "--unixsocket",
                                    socket_,
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--dir",
                                    folder_,
                                    "--daemonize",
                                    "no",
                                    "--logfile",
                                    folder_ + "/log"};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  ASSERT_GE(pid_, 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    execvp("redis-server", arguments.data());
    _exit(127);
  }
  for (int i = 0; i < 1000; ++i) {
    int status;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      FAIL() << "redis-server did not start (wait status " << status
             << "): is it installed? mount-helpers/packages lists it";
    }
    // A server that wants a password answers, too.
    const std::string answer = Cli("PING");
    if (answer == "PONG" || answer.starts_with("NOAUTH")) return;
    usleep(10'000);
  }
  FAIL() << "redis-server does not answer";
}

void RedisServer::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  unlink(socket_.c_str());
}

void RedisServer::Pause() {
  kill(pid_, SIGSTOP);
  int status;
  ASSERT_EQ(waitpid(pid_, &status, WUNTRACED), pid_);
  ASSERT_TRUE(WIFSTOPPED(status));
}

void RedisServer::Resume() { kill(pid_, SIGCONT); }

RedisAddress RedisServer::address(int db) const {
  if (port_ != 0) return {.host = "127.0.0.1", .port = port_, .db = db};
  return {.host = "", .db = db, .unix_socket = socket_};
}

std::string RedisServer::Cli(const std::string& words) const {
  FILE* client = popen(("redis-cli -s " + socket_ + " " + words + " 2>&1").c_str(), "re");
  std::string answer;
  std::array<char, 4096> part;
  while (const size_t size = fread(part.data(), 1, part.size(), client)) {
    answer.append(part.data(), size);
  }
  pclose(client);
  while (!answer.empty() && answer.back() == '\n') answer.pop_back();
  return answer;
}

FakeServer::FakeServer(Serve serve) : folder_(MakeFolder()) {
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  address().unix_socket.copy(name.sun_path, sizeof(name.sun_path) - 1);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  thread_ = std::thread([this, serve = std::move(serve)] {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      serve(fd, ++connections_);
      close(fd);
    }
  });
}

FakeServer::~FakeServer() {
  shutdown(listener_, SHUT_RDWR);  // ends accept
  thread_.join();
  close(listener_);
  std::filesystem::remove_all(folder_);
}

RedisAddress FakeServer::address() const { return {.host = "", .unix_socket = folder_ + "/s"}; }

std::string FakeServer::Hear(int fd) {
  std::string heard;
  std::array<char, 4096> part;
  // The first bytes are waited for; commands come in one piece when they are short.
  const ssize_t size = recv(fd, part.data(), part.size(), 0);
  if (size > 0) heard.assign(part.data(), size);
  return heard;
}

void FakeServer::Say(int fd, const std::string& text) {
  size_t said = 0;
  while (said < text.size()) {
    const ssize_t size = send(fd, text.data() + said, text.size() - said, MSG_NOSIGNAL);
    if (size <= 0) return;
    said += size;
  }
}

void FakeServer::Greet(int fd) {
  EXPECT_EQ(Hear(fd), "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$5\r\ncbzfs\r\n");
  Say(fd, "+OK\r\n");
}

}  // namespace cbzfs
