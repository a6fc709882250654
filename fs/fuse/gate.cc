#include "fs/fuse/gate.h"

#include <algorithm>
#include <utility>

namespace cbzfs {

void Gate::Run(uint64_t key, Work work) {
  {
    absl::MutexLock lock(&mu_);
    if (!Enter(key)) {
      waiting_.push_back({key, std::move(work)});
      return;
    }
  }
  for (;;) {
    work();
    work = nullptr;  // what it holds may take a while to free: not under the lock
    absl::MutexLock lock(&mu_);
    Leave(key);
    // Short: the kernel bounds what it asks at once.
    const auto next = std::find_if(
        waiting_.begin(), waiting_.end(),
        [this](const Waiting& one) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return Enter(one.key); });
    if (next == waiting_.end()) return;
    key = next->key;
    work = std::move(next->work);
    waiting_.erase(next);
  }
}

bool Gate::Enter(uint64_t key) {
  if (inside_ >= most_) return false;
  int& inside = inside_for_[key];
  if (inside >= most_per_key_) return false;
  ++inside;
  ++inside_;
  return true;
}

void Gate::Leave(uint64_t key) {
  --inside_;
  const auto it = inside_for_.find(key);
  if (--it->second == 0) inside_for_.erase(it);
}

}  // namespace cbzfs
