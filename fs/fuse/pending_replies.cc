#include "fs/fuse/pending_replies.h"

#include <cerrno>
#include <vector>

namespace cbzfs {

PendingReplies::Claim::~Claim() {
  if (owner_ == nullptr) return;
  absl::MutexLock lock(&owner_->mu_);
  --owner_->sending_;
}

PendingReplies::~PendingReplies() { Drain(EIO); }

std::optional<uint64_t> PendingReplies::Add(fuse_req* request) {
  uint64_t id = 0;
  {
    absl::MutexLock lock(&mu_);
    id = next_id_++;
    entries_[id].request = request;
  }
  hooks_->WatchInterrupt(request, id);
  {
    absl::MutexLock lock(&mu_);
    const auto it = entries_.find(id);
    it->second.registering = false;
    if (!it->second.interrupted) return id;
    entries_.erase(it);
    ++sending_;
  }
  Answer(Claim(this, request), EINTR, nullptr);
  return std::nullopt;
}

std::optional<PendingReplies::Claim> PendingReplies::Take(uint64_t id) {
  std::shared_ptr<ReadWait> dropped;  // outside the lock: it may be the wait's last owner
  absl::MutexLock lock(&mu_);
  const auto it = entries_.find(id);
  if (it == entries_.end()) return std::nullopt;
  Claim claim(this, it->second.request);
  dropped = std::move(it->second.wait);
  entries_.erase(it);
  ++sending_;
  return claim;
}

void PendingReplies::SetWait(uint64_t id, std::shared_ptr<ReadWait> wait) {
  if (wait == nullptr) return;
  {
    absl::MutexLock lock(&mu_);
    const auto it = entries_.find(id);
    if (it != entries_.end()) {
      it->second.wait = std::move(wait);
      return;
    }
  }
  wait->Leave();
}

void PendingReplies::Interrupt(uint64_t id) {
  std::shared_ptr<ReadWait> wait;
  fuse_req* request = nullptr;
  {
    absl::MutexLock lock(&mu_);
    const auto it = entries_.find(id);
    if (it == entries_.end()) return;
    if (it->second.registering) {
      it->second.interrupted = true;
      return;
    }
    request = it->second.request;
    wait = std::move(it->second.wait);
    entries_.erase(it);
    ++sending_;
  }
  Answer(Claim(this, request), EINTR, wait);
}

void PendingReplies::Drain(int error) {
  std::vector<Entry> left;
  {
    absl::MutexLock lock(&mu_);
    left.reserve(entries_.size());
    for (auto& [id, entry] : entries_) left.push_back(std::move(entry));
    sending_ += static_cast<int>(left.size());
    entries_.clear();
  }
  for (const Entry& entry : left) Answer(Claim(this, entry.request), error, entry.wait);
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(
      +[](int* sending) { return *sending == 0; }, &sending_));
}

void PendingReplies::Answer(Claim claim, int error, const std::shared_ptr<ReadWait>& wait) {
  hooks_->ReplyError(claim.request(), error);
  if (wait != nullptr) wait->Leave();
}

}  // namespace cbzfs
