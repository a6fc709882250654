// The second level behind the page cache: a StoreBackend, asked without anybody waiting for it.
//
// Threads of its own do the asking. Whoever wants a value is answered within `patience`, with
// nothing when the backend has not answered by then: a page can always be drawn instead. Values to
// keep wait in a queue that is bounded in bytes; what does not fit is not kept, and counted.
//
// A backend that fails or is late `failures` times in a row is left alone for a second, then, each
// time that it fails again, for twice as long, up to a minute: a breaker, one for reading and one
// for writing, since a full disk can still be read. While a breaker is open nothing is asked and
// nobody waits; then one request is let through to try.
//
// Threads: any. `done` is called from inside Get(), or from a thread of the store's, exactly once.

#ifndef CBZFS_CACHE_STORE_SECOND_LEVEL_H_
#define CBZFS_CACHE_STORE_SECOND_LEVEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "cache/store/backend.h"

namespace cbzfs {

struct SecondLevelOptions {
  int threads = 4;
  absl::Duration patience = absl::Milliseconds(250);
  size_t most_gets = 256;              // waiting or asked
  uint64_t most_put_bytes = 32 << 20;  // of values waiting or being written
  int failures = 3;
  absl::Duration first_pause = absl::Seconds(1);
  absl::Duration longest_pause = absl::Minutes(1);
  absl::Duration end_wait = absl::Seconds(2);  // for a backend that hangs when the mount ends
  // Told of a breaker that opens (a warning) or closes again. From the store's threads.
  std::function<void(bool warning, const std::string& message)> tell;
};

struct SecondLevelStats {
  uint64_t hits = 0;
  uint64_t misses = 0;   // the backend does not have it
  uint64_t late = 0;     // it did not answer in time
  uint64_t failed = 0;   // it said that something is wrong, reading or writing
  uint64_t skipped = 0;  // not asked: a breaker was open or the queue full
  uint64_t kept = 0;     // values written
  uint64_t unkept = 0;   // values not written: a breaker was open or the queue full
  uint64_t damaged = 0;  // values given back by Remove()
  uint64_t waiting_bytes = 0;
  uint64_t bytes = 0;   // StoreBackend::bytes()
  bool reading = true;  // the breakers are closed
  bool writing = true;
  std::string trouble;  // the last failure while a breaker is open
};

class SecondLevel {
 public:
  using Got = absl::AnyInvocable<void(std::optional<std::string>)>;

  SecondLevel(std::unique_ptr<StoreBackend> backend, const SecondLevelOptions& options);
  ~SecondLevel();
  SecondLevel(const SecondLevel&) = delete;
  SecondLevel& operator=(const SecondLevel&) = delete;

  void Get(const StoreKey& key, Got done);
  void Put(const StoreKey& key, std::string value);
  // What Get() gave is not what was put.
  void Remove(const StoreKey& key);

  SecondLevelStats stats() const;

  // Whoever waits gets nothing; what is still to be written is not. A backend that hangs is left to
  // its thread after `end_wait`. Idempotent.
  void Stop();

 private:
  struct State;
  const std::shared_ptr<State> state_;  // also of the threads
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_STORE_SECOND_LEVEL_H_
