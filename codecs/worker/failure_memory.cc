#include "codecs/worker/failure_memory.h"

namespace cbzfs {

FailureMemory::Key FailureMemory::KeyOf(const Job& job) {
  const bool draw = job.kind == Job::Kind::kDraw;
  return {.source = job.source->key(),
          .format = job.source->format(),
          .kind = job.kind,
          .enhanced = job.kind == Job::Kind::kAnalyse && job.analysis.options.enhanced,
          .finish = draw ? job.draw.finish : Finish::kPage,
          .page = draw ? job.draw.page : 0};
}

void FailureMemory::Remember(const Job& job, const absl::Status& failure, MonotonicTime now) {
  const Key key = KeyOf(job);
  const auto [entry, inserted] = failures_.try_emplace(key);
  entry->second = {failure, After(now, keep_)};
  if (!inserted) return;
  oldest_first_.push_back(key);
  if (oldest_first_.size() <= kMaxFailures) return;
  failures_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

absl::Status FailureMemory::Recall(const Job& job, MonotonicTime now) const {
  const auto found = failures_.find(KeyOf(job));
  if (found == failures_.end() || found->second.until <= now) return absl::OkStatus();
  return found->second.status;
}

}  // namespace cbzfs
