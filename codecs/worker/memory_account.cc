#include "codecs/worker/memory_account.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "codecs/worker/memory_keeper.h"
#include "codecs/worker/process.h"

namespace cbzfs {
namespace {

// What a heap takes beside what is asked of it. Whoever settles the budget sets it apart for each
// worker, with its base.
constexpr uint64_t kHeapSlack = 4 << 20;

}  // namespace

void MemoryAccount::KeepOnly(const std::function<bool(uint64_t)>& lives) {
  const auto gone = [&](const auto& entry) { return !lives(entry.first); };
  std::erase_if(idle_, gone);
  std::erase_if(bases_, gone);
  drawing_waits_ = false;  // it says so again, if it is still there
}

uint64_t MemoryAccount::idle() const {
  uint64_t bytes = 0;
  for (const auto& [worker, held] : idle_) bytes += held;
  return bytes;
}

uint64_t MemoryAccount::Share(uint64_t taken) const {
  if (keeper_ == nullptr) return 0;
  return keeper_->Fit(limit_ - std::min(limit_, taken));
}

uint64_t MemoryAccount::AllFor(const Job& job) const {
  if (job.kind != Job::Kind::kAnalyse) return alone_;
  return std::min(std::max(alone_, kLeastForAnalysis), heap_bytes_);
}

uint64_t MemoryAccount::NeedOf(const Job& job) const {
  return job.wants_all_memory ? AllFor(job) : std::min({job.MemoryNeed(), limit_, alone_});
}

bool MemoryAccount::FitsBudget(const Job& job) const {
  if (job.kind != Job::Kind::kDraw && drawing_waits_) return false;
  const uint64_t need = NeedOf(job);
  if (need == 0 || given_ == 0) return true;
  if (given_ + need > limit_) return false;
  // Pages that are being sent cannot make room.
  return given_ + need + Share(given_ + need) <= limit_;
}

bool MemoryAccount::Fits(const Job& job) {
  const bool draws = job.kind == Job::Kind::kDraw;
  const bool held_up = draws && given_ > 0 && keeper_ != nullptr && keeper_->Pressed();
  if (!held_up && FitsBudget(job)) return true;
  if (draws) drawing_waits_ = true;
  return !job.IsBulk() && !job.wants_all_memory &&
         std::none_of(running_.begin(), running_.end(),
                      [](const auto& entry) { return entry.second.from_reserve; });
}

std::vector<uint64_t> MemoryAccount::InTheWay(const Job& job, uint64_t worker) const {
  uint64_t taken = given_ + NeedOf(job);
  const uint64_t most = job.wants_all_memory ? 0 : limit_;
  std::vector<std::pair<uint64_t, uint64_t>> others;  // bytes, worker
  for (const auto& [number, held] : idle_) {
    if (number == worker) continue;
    others.emplace_back(held, number);
    taken += held;
  }
  std::sort(others.rbegin(), others.rend());
  std::vector<uint64_t> named;
  for (const auto& [held, number] : others) {
    if (taken <= most) break;
    taken -= held;
    named.push_back(number);
  }
  return named;
}

uint64_t MemoryAccount::Begin(const Job& job, uint64_t worker, pid_t pid) {
  Given given{.bytes = NeedOf(job), .from_reserve = !FitsBudget(job)};
  uint64_t held_to = 0;
  if (given.bytes > 0) {
    const auto held = idle_.find(worker);
    if (held != idle_.end()) given.bytes = std::max(given.bytes, held->second);
    uint64_t& base = bases_[worker];
    if (base == 0) base = DataOf(pid);
    const uint64_t allowed = (given.from_reserve ? reserve_ : given.bytes) + kHeapSlack;
    // Under a sanitizer the shadow memory counts, terabytes of it.
    if (base > 0 && base < heap_bytes_) held_to = std::min(base + allowed, heap_bytes_);
  }
  if (given.from_reserve) given.bytes = 0;
  idle_.erase(worker);
  given_ += given.bytes;
  running_[worker] = given;
  Share(given_ + idle());
  return held_to;
}

void MemoryAccount::End(uint64_t worker) {
  const auto found = running_.find(worker);
  if (found == running_.end()) return;
  given_ -= found->second.bytes;
  running_.erase(found);
  Share(given_ + idle());
}

std::vector<uint64_t> MemoryAccount::SetIdle(uint64_t worker, uint64_t bytes) {
  idle_[worker] = bytes;
  uint64_t all = idle();
  std::vector<uint64_t> named;
  while (all > limit_ / 4) {
    const auto largest =
        std::max_element(idle_.begin(), idle_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    all -= largest->second;
    named.push_back(largest->first);
    idle_.erase(largest);
  }
  Share(given_ + all);
  return named;
}

std::vector<uint64_t> MemoryAccount::TakeIdle() {
  std::vector<uint64_t> named;
  for (const auto& [worker, held] : idle_) named.push_back(worker);
  idle_.clear();
  return named;
}

bool MemoryAccount::HasMoreFor(const Job& job) const {
  return !job.wants_all_memory && std::min(job.MemoryNeed(), limit_) < AllFor(job);
}

absl::Status MemoryAccount::RefusalOf(const absl::Status& failure) const {
  return absl::ResourceExhaustedError(
      absl::StrCat("it takes more than the ", alone_ >> 20,
                   " MiB that -o memory= leaves for it: ", failure.message()));
}

}  // namespace cbzfs
