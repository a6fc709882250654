#include "cache/store/redis_connection.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace cbzfs {
namespace {

constexpr size_t kLongestLine = 64 << 10;
constexpr size_t kReadSize = 64 << 10;

struct FreeReader {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};
struct FreeCommand {
  void operator()(char* command) const { redisFreeCommand(command); }
};

absl::Status Unavailable(absl::string_view what) { return absl::UnavailableError(what); }

absl::Status TooLong(size_t limit) {
  return absl::DataLossError(
      absl::StrCat("sent an answer longer than the ", limit, " bytes that it may have"));
}

RedisReply* NewReply(RedisReply::Type type) { return new RedisReply{type, ""}; }

// What the parser makes of an answer; the reader owns it until it is handed out.
redisReplyObjectFunctions* ReplyFunctions() {
  using Type = RedisReply::Type;
  static redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions result = {};
    result.createString = [](const redisReadTask* task, char* text, size_t size) -> void* {
      const Type type = task->type == REDIS_REPLY_STRING  ? Type::kValue
                        : task->type == REDIS_REPLY_ERROR ? Type::kError
                                                          : Type::kDone;
      return new RedisReply{type, std::string(text, size)};
    };
    // No command of ours is answered by a list. `auto`: hiredis 1 counts in another type.
    result.createArray = [](const redisReadTask*, auto) -> void* { return nullptr; };
    result.createInteger = [](const redisReadTask*, long long) -> void* {
      return NewReply(Type::kDone);
    };
    result.createNil = [](const redisReadTask*) -> void* { return NewReply(Type::kNone); };
    result.freeObject = [](void* reply) { delete static_cast<RedisReply*>(reply); };
    return result;
  }();
  return &functions;
}

// The length of the value that an answer is, once its first line is there. None for other answers.
std::optional<uint64_t> AnnouncedLength(absl::string_view line) {
  uint64_t length;
  if (!absl::ConsumePrefix(&line, "$") || !absl::SimpleAtoi(line, &length)) return std::nullopt;
  return length;
}

}  // namespace

absl::Duration RedisDeadline::Left() const {
  return absl::FromChrono(end - std::chrono::steady_clock::now());
}

std::string Printable(std::string text) {
  const auto unprintable = [](char c) { return !absl::ascii_isprint(c); };
  std::replace_if(text.begin(), text.end(), unprintable, '?');
  return text;
}

void RedisConnection::FreeContext::operator()(redisContext* context) const { redisFree(context); }

RedisConnection::RedisConnection(Context context)
    : context_(std::move(context)), fd_(context_->fd) {}

absl::StatusOr<std::unique_ptr<RedisConnection>> RedisConnection::Open(const RedisAddress& address,
                                                                       absl::Duration limit) {
  const timeval wait = absl::ToTimeval(limit);
  Context context(address.unix_socket.empty()
                      ? redisConnectWithTimeout(address.host.c_str(), address.port, wait)
                      : redisConnectUnixWithTimeout(address.unix_socket.c_str(), wait));
  if (!context) return Unavailable("cannot be connected to: out of memory");
  if (context->err) return Unavailable(absl::StrCat("does not answer: ", context->errstr));
  fcntl(context->fd, F_SETFD, FD_CLOEXEC);
  return std::unique_ptr<RedisConnection>(new RedisConnection(std::move(context)));
}

bool RedisConnection::IsIdle() const {
  char byte;
  return in_step_ && recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

absl::StatusOr<RedisReply> RedisConnection::Exchange(const std::vector<std::string_view>& words,
                                                     size_t longest,
                                                     const RedisDeadline& deadline) {
  std::vector<const char*> data;
  std::vector<size_t> sizes;
  for (const std::string_view word : words) {
    data.push_back(word.data() ? word.data() : "");
    sizes.push_back(word.size());
  }
  char* raw = nullptr;
  const int size =
      redisFormatCommandArgv(&raw, static_cast<int>(words.size()), data.data(), sizes.data());
  const std::unique_ptr<char, FreeCommand> command(raw);
  if (size < 0) return Unavailable("cannot be asked: out of memory");
  in_step_ = false;
  lost_ = false;
  heard_ = false;
  const absl::Status sent = Send(std::string_view(raw, size), deadline);
  if (!sent.ok() && !lost_) return sent;
  // A server that refuses a connection says why and closes it, perhaps before it heard us.
  absl::StatusOr<RedisReply> reply = Receive(longest, deadline);
  if (!reply.ok() && !sent.ok()) return sent;
  return reply;
}

absl::Status RedisConnection::Wait(short events, const RedisDeadline& deadline) const {
  const absl::Duration left = deadline.Left();
  if (left <= absl::ZeroDuration()) return Unavailable("does not answer in time");
  const absl::Duration wait = std::min(left, deadline.silence);
  pollfd waiting = {fd_, events, 0};
  const int ready = poll(&waiting, 1, static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1);
  // Any error of the socket shows at its next use, and so does a signal's.
  if (ready != 0) return absl::OkStatus();
  if (left <= deadline.silence) return Unavailable("does not answer in time");
  return Unavailable(absl::StrCat("does not answer: silent for ", absl::FormatDuration(wait)));
}

absl::Status RedisConnection::Lost(int error) {
  lost_ = true;
  return Unavailable(absl::StrCat("closed the connection: ", std::strerror(error)));
}

absl::Status RedisConnection::Send(std::string_view bytes, const RedisDeadline& deadline) {
  for (;;) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(sent);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      return Lost(errno);
    }
    if (bytes.empty()) return absl::OkStatus();
    if (absl::Status status = Wait(POLLOUT, deadline); !status.ok()) return status;
  }
}

absl::Status RedisConnection::ReceiveMore(std::string& bytes, const RedisDeadline& deadline) {
  std::array<char, kReadSize> chunk;
  for (;;) {
    if (absl::Status status = Wait(POLLIN, deadline); !status.ok()) return status;
    const ssize_t size = recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) continue;
    if (size <= 0 && heard_) return Unavailable("closed the connection within an answer");
    if (size < 0) return Lost(errno);
    if (size > 0) {
      heard_ = true;
      bytes.append(chunk.data(), size);
      return absl::OkStatus();
    }
    lost_ = true;
    return Unavailable("closed the connection");
  }
}

absl::StatusOr<RedisReply> RedisConnection::Receive(size_t longest, const RedisDeadline& deadline) {
  // A reader for each answer: nothing of another one can be left in it.
  const std::unique_ptr<redisReader, FreeReader> reader(
      redisReaderCreateWithFunctions(ReplyFunctions()));
  if (!reader) return Unavailable("cannot be heard: out of memory");
  std::string bytes;
  for (size_t fed = 0;; fed = bytes.size()) {
    if (absl::Status status = ReceiveMore(bytes, deadline); !status.ok()) return status;
    const size_t line_end = bytes.find("\r\n");
    if (line_end != bytes.npos) {
      const std::optional<uint64_t> length =
          AnnouncedLength(absl::string_view(bytes).substr(0, line_end));
      if (length > longest) return TooLong(longest);
      if (length) return ReceiveValue(std::move(bytes), line_end + 2, *length, deadline);
    }
    void* object = nullptr;
    if (redisReaderFeed(reader.get(), bytes.data() + fed, bytes.size() - fed) != REDIS_OK ||
        redisReaderGetReply(reader.get(), &object) != REDIS_OK) {
      return Unavailable(absl::StrCat("sent what is no answer (", Printable(reader->errstr),
                                      "): is it a Redis server?"));
    }
    const std::unique_ptr<RedisReply> reply(static_cast<RedisReply*>(object));
    if (reply) {
      in_step_ = reader->pos == reader->len;  // nothing follows
      return std::move(*reply);
    }
    if (bytes.size() > kLongestLine) return TooLong(kLongestLine);
  }
}

absl::StatusOr<RedisReply> RedisConnection::ReceiveValue(std::string bytes, size_t begin,
                                                         size_t length,
                                                         const RedisDeadline& deadline) {
  bytes.erase(0, begin);
  bytes.reserve(length + kReadSize);  // it costs memory only as the bytes arrive
  while (bytes.size() < length + 2) {
    if (absl::Status status = ReceiveMore(bytes, deadline); !status.ok()) return status;
  }
  if (bytes.compare(length, 2, "\r\n") != 0) {
    return Unavailable("sent a value of another length than it said: is it a Redis server?");
  }
  in_step_ = bytes.size() == length + 2;
  bytes.resize(length);
  return RedisReply{RedisReply::Type::kValue, std::move(bytes)};
}

}  // namespace cbzfs
