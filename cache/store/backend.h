// Where finished pages are kept beyond this process' memory: a folder, or a server that several
// hosts share. What SecondLevel (second_level.h) asks, from threads of its own.
//
// A backend knows bytes only. Values are at most kMaxStoredValue long; whoever gets one checks it
// against a hash that it carries, so a backend may lose values, or return damaged ones, without
// harm. It must not return part of a value as long as it can tell.
//
// Threads: several at once. A call may take as long as a disk or a server takes; a backend has time
// limits of its own where its medium has them.

#ifndef CBZFS_CACHE_STORE_BACKEND_H_
#define CBZFS_CACHE_STORE_BACKEND_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cbzfs {

// A hash of all that the value depends on, equal on every host.
using StoreKey = std::array<uint8_t, 16>;

inline constexpr size_t kMaxStoredValue = 64 << 20;

class StoreBackend {
 public:
  virtual ~StoreBackend() = default;

  // None where there is no such value. A status when the medium failed, which says what and where:
  // the user reads it.
  virtual absl::StatusOr<std::optional<std::string>> Get(const StoreKey& key) = 0;
  // Keeps the value, and may let go of others for it. kResourceExhausted where the medium is full.
  virtual absl::Status Put(const StoreKey& key, std::string_view value) = 0;
  // The value turned out to be damaged. OK where there is none.
  virtual absl::Status Remove(const StoreKey& key) = 0;

  // What is kept, in bytes, as far as it is known here; else 0.
  virtual uint64_t bytes() const { return 0; }
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_BACKEND_H_
