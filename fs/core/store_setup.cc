#include "fs/core/store_setup.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "cache/store/dir_backend.h"
#include "cache/store/redis_backend.h"
#include "cache/store/redis_url.h"

namespace cbzfs {
namespace {

constexpr std::string_view kDir = "dir:";

std::string Environment(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

absl::StatusOr<std::unique_ptr<StoreBackend>> MakeBackend(const Options& options) {
  const std::string folder = StoreFolder(options);
  if (!folder.empty()) {
    auto backend = DirBackend::Open(folder, options.store_bytes);
    if (!backend.ok()) return absl::PermissionDeniedError(backend.status().message());
    return *std::move(backend);
  }
  absl::StatusOr<RedisAddress> address = ParseRedisUrl(options.store);
  if (!address.ok()) return address.status();
  return std::make_unique<RedisBackend>(*std::move(address), RedisLimits{},
                                        Environment("CBZFS_STORE_USER"),
                                        Environment("CBZFS_STORE_PASSWORD"));
}

}  // namespace

std::string StoreFolder(const Options& options) {
  if (!options.store.starts_with(kDir)) return "";
  return options.store.substr(kDir.size());
}

absl::Status CheckStore(const Options& options) {
  const bool folder = options.store.starts_with(kDir);
  if (options.store_size_given && !folder) {
    return absl::InvalidArgumentError(
        options.store.empty()
            ? "size= is the size of the folder that store=dir:PATH names, which is missing"
            : "size= is for store=dir:PATH; a server bounds itself (maxmemory in redis.conf)");
  }
  if (options.store.empty()) return absl::OkStatus();
  if (!folder) return ParseRedisUrl(options.store).status();
  if (options.store.size() > kDir.size()) return absl::OkStatus();
  return absl::InvalidArgumentError("store=dir: needs the path of a folder after the colon");
}

absl::StatusOr<std::unique_ptr<SecondLevel>> MakeSecondLevel(const Options& options) {
  if (options.store.empty()) return nullptr;
  absl::StatusOr<std::unique_ptr<StoreBackend>> backend = MakeBackend(options);
  if (!backend.ok()) return backend.status();
  SecondLevelOptions second;
  // Beside the budget, which the pages themselves take.
  second.most_put_bytes = std::min<uint64_t>(second.most_put_bytes, options.memory_bytes / 16);
  second.tell = [](bool warning, const std::string& message) {
    warning ? spdlog::warn("{}", message) : spdlog::info("{}", message);
  };
  return std::make_unique<SecondLevel>(*std::move(backend), second);
}

}  // namespace cbzfs
