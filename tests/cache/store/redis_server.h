// A real redis-server for tests, and servers that are none.

#ifndef CBZFS_TESTS_CACHE_STORE_REDIS_SERVER_H_
#define CBZFS_TESTS_CACHE_STORE_REDIS_SERVER_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "cache/store/redis_url.h"

namespace cbzfs {

// Runs between Start() and Kill() or its end; it ends with the test program, too, however that
// ends. Keeps nothing on disk. Answers at a socket in a folder of its own and, when asked, at a
// free TCP port. A failure to start fails the test.
class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> options = {}, bool tcp = false);
  ~RedisServer();

  void Start();  // waits until it answers
  void Kill();   // SIGKILL, and waits for its end
  void Pause();  // SIGSTOP: connections stay, and the kernel makes new ones; nothing answers
  void Resume();

  RedisAddress address(int db = 0) const;  // TCP where there is one

  // What the server's own client says when given these words; its last line's end is cut.
  std::string Cli(const std::string& words) const;

 private:
  std::string folder_;
  std::string socket_;
  const std::vector<std::string> options_;
  int port_ = 0;
  pid_t pid_ = -1;
};

// Listens at a socket, and gives each connection to `serve` in turn, which may do with it what it
// likes; it is closed afterwards. `serve` must return once the other side closes.
class FakeServer {
 public:
  using Serve = std::function<void(int fd, int nth)>;  // the first is 1
  explicit FakeServer(Serve serve);
  ~FakeServer();

  RedisAddress address() const;
  int connections() const { return connections_; }

  // One command, if it is short; nothing when the connection ended.
  static std::string Hear(int fd);
  static void Say(int fd, const std::string& text);
  // The command that every connection begins with.
  static void Greet(int fd);

 private:
  std::string folder_;
  int listener_ = -1;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_CACHE_STORE_REDIS_SERVER_H_
