#include "cache/store/redis_backend.h"

#include <hiredis/hiredis.h>
#include <pthread.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

constexpr size_t kMostIdle = 8;

std::string NameOf(const StoreKey& key) {
  return absl::StrCat("cbzfs:1:", absl::BytesToHexString(absl::string_view(
                                      reinterpret_cast<const char*>(key.data()), key.size())));
}

// hiredis writes to its socket without MSG_NOSIGNAL. A signal that this raises is this thread's; it
// is taken off before others are let in again.
class WithoutSigPipe {
 public:
  WithoutSigPipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigPipe() {
    const timespec at_once = {};
    while (sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigPipe(const WithoutSigPipe&) = delete;
  WithoutSigPipe& operator=(const WithoutSigPipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
};

}  // namespace

void RedisBackend::Free::operator()(redisContext* connection) const { redisFree(connection); }
void RedisBackend::Free::operator()(redisReply* reply) const { freeReplyObject(reply); }

RedisBackend::RedisBackend(RedisAddress address, const RedisLimits& limits, std::string user,
                           std::string password)
    : address_(std::move(address)),
      limits_(limits),
      user_(std::move(user)),
      password_(std::move(password)) {}

RedisBackend::~RedisBackend() = default;

absl::Status RedisBackend::NoAnswer(const redisContext& connection) const {
  absl::string_view why = connection.errstr;
  if (connection.err == REDIS_ERR_IO && errno == EAGAIN) why = "no answer in time";
  return absl::UnavailableError(
      absl::StrCat("the server ", address_.Name(), " does not answer: ", why));
}

absl::Status RedisBackend::Refused(absl::string_view message) const {
  const std::string text = absl::StrCat("the server ", address_.Name(), " refuses: ", message);
  if (absl::StartsWith(message, "OOM")) return absl::ResourceExhaustedError(text);
  if (absl::StartsWith(message, "NOAUTH") || absl::StartsWith(message, "WRONGPASS") ||
      absl::StartsWith(message, "NOPERM") || absl::StrContains(message, "invalid password")) {
    return absl::PermissionDeniedError(
        absl::StrCat(text, " (user and password: CBZFS_STORE_USER, CBZFS_STORE_PASSWORD)"));
  }
  return absl::UnavailableError(text);
}

absl::StatusOr<RedisBackend::Reply> RedisBackend::Ask(
    redisContext* connection, const std::vector<std::string_view>& words) const {
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  errno = 0;
  Reply reply(static_cast<redisReply*>(
      redisCommandArgv(connection, static_cast<int>(words.size()), texts.data(), sizes.data())));
  if (reply == nullptr) return NoAnswer(*connection);
  if (reply->type == REDIS_REPLY_ERROR) return Refused({reply->str, reply->len});
  return reply;
}

absl::StatusOr<RedisBackend::Connection> RedisBackend::Connect() const {
  const timeval connect = absl::ToTimeval(limits_.connect);
  Connection connection(address_.unix_socket.empty()
                            ? redisConnectWithTimeout(address_.host.c_str(), address_.port, connect)
                            : redisConnectUnixWithTimeout(address_.unix_socket.c_str(), connect));
  if (connection == nullptr) return absl::ResourceExhaustedError("no memory for a connection");
  if (connection->err != 0) return NoAnswer(*connection);
  redisSetTimeout(connection.get(), absl::ToTimeval(limits_.command));
  if (!password_.empty()) {
    std::vector<std::string_view> words = {"AUTH"};
    if (!user_.empty()) words.push_back(user_);
    words.push_back(password_);
    if (auto reply = Ask(connection.get(), words); !reply.ok()) return reply.status();
  }
  if (address_.db != 0) {
    const std::string db = absl::StrCat(address_.db);
    if (auto reply = Ask(connection.get(), {"SELECT", db}); !reply.ok()) return reply.status();
  }
  return connection;
}

absl::StatusOr<RedisBackend::Reply> RedisBackend::Run(const std::vector<std::string_view>& words) {
  const WithoutSigPipe without_signal;
  Connection connection;
  {
    absl::MutexLock lock(&mu_);
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  absl::StatusOr<Reply> reply = absl::UnavailableError("");
  if (connection != nullptr) {
    reply = Ask(connection.get(), words);
    // Closed while it was idle. Where the server was too slow there is no use in asking again.
    const bool closed =
        connection->err == REDIS_ERR_EOF || (connection->err == REDIS_ERR_IO && errno != EAGAIN);
    if (closed) {
      connection = nullptr;
      absl::MutexLock lock(&mu_);
      idle_.clear();  // the others are no better
    }
  }
  if (connection == nullptr) {
    absl::StatusOr<Connection> made = Connect();
    if (!made.ok()) return made.status();
    connection = *std::move(made);
    reply = Ask(connection.get(), words);
  }
  if (connection->err == 0) {
    absl::MutexLock lock(&mu_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(connection));
  }
  return reply;
}

absl::StatusOr<std::optional<std::string>> RedisBackend::Get(const StoreKey& key) {
  const std::string name = NameOf(key);
  const absl::StatusOr<Reply> reply = Run({"GET", name});
  if (!reply.ok()) return reply.status();
  if ((*reply)->type == REDIS_REPLY_NIL) return std::nullopt;
  if ((*reply)->type != REDIS_REPLY_STRING) return Refused("no string");
  if ((*reply)->len > kMaxStoredValue) return std::nullopt;
  return std::string((*reply)->str, (*reply)->len);
}

absl::Status RedisBackend::Put(const StoreKey& key, std::string_view value) {
  const std::string name = NameOf(key);
  return Run({"SET", name, value}).status();
}

absl::Status RedisBackend::Remove(const StoreKey& key) {
  const std::string name = NameOf(key);
  return Run({"DEL", name}).status();
}

}  // namespace cbzfs
