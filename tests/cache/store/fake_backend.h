// A StoreBackend in memory, which fails and hangs when told to.

#ifndef CBZFS_TESTS_CACHE_STORE_FAKE_BACKEND_H_
#define CBZFS_TESTS_CACHE_STORE_FAKE_BACKEND_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cache/store/backend.h"

namespace cbzfs {

// What the test and the backend share: the backend belongs to the store.
struct FakeMedium {
  absl::Mutex mu;
  std::map<StoreKey, std::string> values ABSL_GUARDED_BY(mu);
  absl::Status failure ABSL_GUARDED_BY(mu);        // of every call
  bool hangs ABSL_GUARDED_BY(mu) = false;          // every call waits until it is false
  int asked ABSL_GUARDED_BY(mu) = 0;               // calls that have come
  std::vector<StoreKey> keys ABSL_GUARDED_BY(mu);  // theirs
  int waiting ABSL_GUARDED_BY(mu) = 0;             // of these, hanging

  void Hang(bool on) {
    absl::MutexLock lock(&mu);
    hangs = on;
  }
  void Fail(const absl::Status& status) {
    absl::MutexLock lock(&mu);
    failure = status;
  }
  std::vector<StoreKey> Keys() {
    absl::MutexLock lock(&mu);
    return keys;
  }
  int Asked() {
    absl::MutexLock lock(&mu);
    return asked;
  }
  std::map<StoreKey, std::string> Values() {
    absl::MutexLock lock(&mu);
    return values;
  }
  void AwaitWaiting(int count) {
    absl::MutexLock lock(&mu);
    const auto reached = [this, count]()
                             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return waiting >= count; };
    mu.Await(absl::Condition(&reached));
  }
};

class FakeBackend final : public StoreBackend {
 public:
  explicit FakeBackend(std::shared_ptr<FakeMedium> medium) : medium_(std::move(medium)) {}

  absl::StatusOr<std::optional<std::string>> Get(const StoreKey& key) override {
    absl::MutexLock lock(&medium_->mu);
    Enter(key);
    if (!medium_->failure.ok()) return medium_->failure;
    const auto found = medium_->values.find(key);
    if (found == medium_->values.end()) return std::nullopt;
    return found->second;
  }
  absl::Status Put(const StoreKey& key, std::string_view value) override {
    absl::MutexLock lock(&medium_->mu);
    Enter(key);
    if (!medium_->failure.ok()) return medium_->failure;
    medium_->values[key] = std::string(value);
    return absl::OkStatus();
  }
  absl::Status Remove(const StoreKey& key) override {
    absl::MutexLock lock(&medium_->mu);
    Enter(key);
    medium_->values.erase(key);
    return medium_->failure;
  }

 private:
  void Enter(const StoreKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(medium_->mu) {
    ++medium_->asked;
    medium_->keys.push_back(key);
    ++medium_->waiting;
    const auto free = [this]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(medium_->mu) { return !medium_->hangs; };
    medium_->mu.Await(absl::Condition(&free));
    --medium_->waiting;
  }

  const std::shared_ptr<FakeMedium> medium_;
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_CACHE_STORE_FAKE_BACKEND_H_
