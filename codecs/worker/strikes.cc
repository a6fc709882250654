#include "codecs/worker/strikes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace cbzfs {
namespace {

uint64_t PlaceOf(const Job& job) {
  return job.kind == Job::Kind::kDraw ? job.draw.page
                                      : (uint64_t{1} << 32) + static_cast<uint64_t>(job.kind);
}

}  // namespace

bool Strikes::Add(const Job& job, MonotonicTime now) {
  const auto [row, inserted] = documents_.try_emplace(job.source->key());
  Document& document = row->second;
  if (inserted) {
    oldest_first_.push_back(job.source->key());
    if (oldest_first_.size() > kMaxDocuments) {
      documents_.erase(oldest_first_.front());
      oldest_first_.pop_front();
    }
  }
  const uint64_t place = PlaceOf(job);
  std::erase_if(document.strikes,
                [&](const Strike& strike) { return strike.until <= now || strike.place == place; });
  if (document.put_aside_until > now) return true;
  document.strikes.push_back({place, After(now, keep_)});
  if (document.strikes.size() < kPutAsideAt || keep_ <= absl::ZeroDuration()) return false;
  document.put_aside_until = After(now, keep_);
  document.put_aside = absl::UnavailableError(absl::StrCat(
      "put aside until ", absl::FormatTime("%H:%M", absl::Now() + keep_, absl::LocalTimeZone()),
      ": it killed or hung workers ", kPutAsideAt, " times"));
  document.strikes.clear();  // when it comes back, it is tried as any other
  returns_.push_back(document.put_aside_until);
  return true;
}

bool Strikes::Has(uint64_t source, MonotonicTime now) const {
  const auto row = documents_.find(source);
  return row != documents_.end() &&
         std::any_of(row->second.strikes.begin(), row->second.strikes.end(),
                     [now](const Strike& strike) { return strike.until > now; });
}

absl::Status Strikes::Check(uint64_t source, MonotonicTime now) const {
  const auto row = documents_.find(source);
  if (row == documents_.end() || row->second.put_aside_until <= now) return absl::OkStatus();
  return row->second.put_aside;
}

size_t Strikes::CountPutAside(MonotonicTime now) const {
  while (!returns_.empty() && returns_.front() <= now) returns_.pop_front();
  return returns_.size();
}

}  // namespace cbzfs
