#include "cache/store/redis_backend.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace cbzfs {
namespace {

constexpr size_t kShortReply = 64 << 10;

absl::Status Unavailable(absl::string_view what) { return absl::UnavailableError(what); }

std::string NameOf(const StoreKey& key) {
  return absl::StrCat("cbzfs:1:", absl::BytesToHexString(absl::string_view(
                                      reinterpret_cast<const char*>(key.data()), key.size())));
}

// The capital word that an error begins with; clients go by it.
absl::string_view CodeOf(absl::string_view text) {
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  return text.substr(0, std::find_if_not(text.begin(), text.end(), capital) - text.begin());
}

bool IsOneOf(absl::string_view code, std::initializer_list<absl::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

RedisBackend::RedisBackend(RedisAddress address, RedisLimits limits, std::string user,
                           std::string password)
    : address_(std::move(address)),
      limits_(limits),
      user_(std::move(user)),
      password_(std::move(password)),
      name_(absl::StrCat("redis server ", ToString(address_))) {}

RedisBackend::~RedisBackend() = default;

absl::StatusOr<std::optional<std::string>> RedisBackend::Get(const StoreKey& key) {
  const std::string name = NameOf(key);
  absl::StatusOr<RedisReply> reply = Command({"GET", name}, kMaxStoredValue);
  if (!reply.ok()) return reply.status();
  if (reply->type == RedisReply::Type::kNone) return std::nullopt;
  if (reply->type == RedisReply::Type::kValue) return std::move(reply->text);
  return Failure(Unavailable("answers GET with what is no value: is it a Redis server?"));
}

absl::Status RedisBackend::Put(const StoreKey& key, std::string_view value) {
  if (value.size() > kMaxStoredValue) {
    return absl::InvalidArgumentError(
        absl::StrCat("a value of ", value.size(), " bytes is longer than a store keeps"));
  }
  return Done({"SET", NameOf(key), value});
}

absl::Status RedisBackend::Remove(const StoreKey& key) { return Done({"DEL", NameOf(key)}); }

absl::Status RedisBackend::Done(const Words& words) {
  const absl::StatusOr<RedisReply> reply = Command(words, kShortReply);
  if (!reply.ok()) return reply.status();
  if (reply->type == RedisReply::Type::kDone) return absl::OkStatus();
  return Failure(
      Unavailable("answers with a value where none was asked for: is it a Redis server?"));
}

absl::StatusOr<RedisReply> RedisBackend::Command(const Words& words, size_t longest) {
  const RedisDeadline deadline = {
      limits_.command, std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(limits_.whole)};
  std::unique_ptr<RedisConnection> connection = Take();
  bool was_kept = connection != nullptr;
  for (;;) {
    if (!connection) {
      absl::StatusOr<std::unique_ptr<RedisConnection>> made = Connect(deadline);
      if (!made.ok()) return made.status();
      connection = *std::move(made);
    }
    absl::StatusOr<RedisReply> reply = connection->Exchange(words, longest, deadline);
    if (!reply.ok()) {
      // Take() saw it open, but the server was closing it. Asking twice does no harm: all commands
      // may be repeated.
      const bool again = was_kept && connection->lost();
      connection.reset();
      if (!again) return Failure(reply.status());
      was_kept = false;
      continue;
    }
    absl::Status status;
    if (reply->type == RedisReply::Type::kError) status = ErrorAnswer(reply->text);
    // A full server is as good as before. After other errors a new connection may find a better
    // one: behind a name, where another is the primary now.
    if (status.ok() || absl::IsResourceExhausted(status)) GiveBack(std::move(connection));
    if (!status.ok()) return status;
    return reply;
  }
}

absl::StatusOr<std::unique_ptr<RedisConnection>> RedisBackend::Connect(
    const RedisDeadline& deadline) const {
  const absl::Duration limit = std::min(limits_.connect, deadline.Left());
  if (limit <= absl::ZeroDuration()) return Failure(Unavailable("does not answer in time"));
  absl::StatusOr<std::unique_ptr<RedisConnection>> connection =
      RedisConnection::Open(address_, limit);
  if (!connection.ok()) return Failure(connection.status());
  if (absl::Status status = Introduce(**connection, deadline); !status.ok()) return status;
  return connection;
}

absl::Status RedisBackend::Introduce(RedisConnection& connection,
                                     const RedisDeadline& deadline) const {
  if (!user_.empty() || !password_.empty()) {
    const Words words = user_.empty() ? Words{"AUTH", password_} : Words{"AUTH", user_, password_};
    const absl::StatusOr<RedisReply> reply = connection.Exchange(words, kShortReply, deadline);
    if (!reply.ok()) return Failure(reply.status());
    if (reply->type == RedisReply::Type::kError) {
      absl::Status status = ErrorAnswer(reply->text);
      if (!absl::IsInternal(status)) return status;
      // Its text is no one's to see: servers quote the arguments of what they do not understand.
      return absl::PermissionDeniedError(
          absl::StrCat(name_,
                       " refuses the user and password: set the environment variable "
                       "CBZFS_STORE_PASSWORD (and CBZFS_STORE_USER) to what it expects, or "
                       "to nothing where it expects none"));
    }
  }
  // For who looks at the server's list of clients; where the user may not do this, it is no loss.
  absl::StatusOr<RedisReply> reply =
      connection.Exchange({"CLIENT", "SETNAME", "cbzfs"}, kShortReply, deadline);
  if (!reply.ok()) return Failure(reply.status());
  if (reply->type == RedisReply::Type::kError && !absl::StartsWith(reply->text, "NOPERM") &&
      !absl::StartsWith(reply->text, "ERR unknown")) {
    return ErrorAnswer(reply->text);
  }
  if (address_.db == 0) return absl::OkStatus();
  const std::string db = absl::StrCat(address_.db);
  reply = connection.Exchange({"SELECT", db}, kShortReply, deadline);
  if (!reply.ok()) return Failure(reply.status());
  if (reply->type != RedisReply::Type::kError) return absl::OkStatus();
  absl::Status status = ErrorAnswer(reply->text);
  if (!absl::IsInternal(status)) return status;
  return absl::FailedPreconditionError(absl::StrCat(status.message(), ": it may have no database ",
                                                    db, "; 0 is one that all servers have"));
}

std::unique_ptr<RedisConnection> RedisBackend::Take() {
  for (;;) {
    std::unique_ptr<RedisConnection> connection;
    {
      absl::MutexLock lock(&mutex_);
      if (kept_.empty()) return nullptr;
      connection = std::move(kept_.back());
      kept_.pop_back();
    }
    if (connection->IsIdle()) return connection;
  }
}

void RedisBackend::GiveBack(std::unique_ptr<RedisConnection> connection) {
  if (!connection->IsIdle()) return;
  absl::MutexLock lock(&mutex_);
  if (kept_.size() < kKept) kept_.push_back(std::move(connection));
}

absl::Status RedisBackend::Failure(const absl::Status& status) const {
  return absl::Status(status.code(), absl::StrCat(name_, " ", status.message()));
}

absl::Status RedisBackend::ErrorAnswer(const std::string& text) const {
  const absl::string_view code = CodeOf(text);
  const bool quotes_password = !password_.empty() && absl::StrContains(text, password_);
  const std::string what = absl::StrCat(
      name_, " says: ",
      quotes_password ? "(its words hold the password)" : Printable(text.substr(0, 200)));
  if (code == "OOM") return absl::ResourceExhaustedError(what);
  if (IsOneOf(code, {"NOAUTH", "WRONGPASS"})) {
    return absl::PermissionDeniedError(
        absl::StrCat(what,
                     ": set the environment variable CBZFS_STORE_PASSWORD (and "
                     "CBZFS_STORE_USER where the server has users)"));
  }
  if (code == "NOPERM") {
    return absl::PermissionDeniedError(
        absl::StrCat(what, ": the user must be allowed GET, SET and DEL of cbzfs:1:*, and SELECT"));
  }
  if (code == "DENIED") return absl::PermissionDeniedError(what);
  if (code == "READONLY") {
    return Unavailable(absl::StrCat(what, ": it is a replica; name its primary"));
  }
  if (IsOneOf(code, {"MOVED", "ASK"})) {
    return Unavailable(absl::StrCat(what, ": clusters are not supported; name a single server"));
  }
  if (IsOneOf(code, {"LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF",
                     "NOREPLICAS"}) ||
      absl::StartsWith(text, "ERR max number of clients")) {
    return Unavailable(what);
  }
  if (code == "WRONGTYPE") {
    return absl::DataLossError(absl::StrCat(what, ": another program uses the keys cbzfs:1:*"));
  }
  return absl::InternalError(what);
}

}  // namespace cbzfs
