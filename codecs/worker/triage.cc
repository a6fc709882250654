#include "codecs/worker/triage.h"

#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "codecs/worker/failure.h"
#include "spdlog/spdlog.h"

namespace cbzfs {

absl::Status Triage::Recall(const Job& job, MonotonicTime now) const {
  // What is known of the page itself says more.
  const absl::Status known = failures_.Recall(job, now);
  return known.ok() ? strikes_.Check(job.source->key(), now) : known;
}

void Triage::Count(const FailedTry& failed) {
  if (failed.how == FailedTry::How::kTimeout) ++timeouts_;
  if (failed.WasKilled()) ++killed_;
  if (failed.StoppedBySandbox()) {
    ++sandboxed_;
  } else if (failed.Crashed()) {
    ++crashed_;
  }
}

void Triage::Log(const Job& job, const FailedTry& failed, pid_t pid) {
  const uint64_t key = absl::HashOf(job.source->key(), failed.how, failed.number);
  const bool news = logged_.insert(key).second;
  spdlog::log(news ? spdlog::level::warn : spdlog::level::debug,
              "worker {} was lost at {} of document {:016x}: {}", pid, job.Describe(),
              job.source->key(), std::string(failed.status.message()));
  if (!news) return;
  logged_first_.push_back(key);
  if (logged_first_.size() <= kMaxLogged) return;
  logged_.erase(logged_first_.front());
  logged_first_.pop_front();
}

std::optional<absl::Status> Triage::OnFailure(Job* job, FailedTry failed, pid_t pid,
                                              MonotonicTime now) {
  Count(failed);
  if (failed.CostAWorker()) {
    Log(*job, failed, pid);
    // A single SIGKILL may be anybody's; the same at the second try is the document's.
    const bool counts = !failed.WasKilled() || (job->failed && job->failed->WasKilled());
    if (counts) strikes_.Add(*job, now);
  }
  if (!job->failed) {
    if (absl::Status aside = strikes_.Check(job->source->key(), now); !aside.ok()) return aside;
    job->failed = std::move(failed);
    return std::nullopt;
  }
  absl::Status status = StatusOfTwo(*job->failed, failed);
  const bool costly = job->failed->CostAWorker() || failed.CostAWorker();
  if (costly || LiesInThePage(status)) failures_.Remember(*job, status, now);
  return status;
}

absl::Status Triage::OnExhausted(const Job& job, const absl::Status& failure, MonotonicTime now) {
  failures_.Remember(job, failure, now);
  return failure;
}

std::optional<absl::Status> Triage::OnLostWithZygote(Job* job) {
  if (++job->lost_with_zygote < kMaxLostWithZygote) return std::nullopt;
  return absl::UnavailableError("the workers' parent process ended again and again");
}

void Triage::OnSuccess(const Job& job) {
  if (job.failed || job.wants_all_memory) ++recovered_;
}

void Triage::AddTo(WorkerPoolStats* stats, MonotonicTime now) const {
  stats->put_aside = static_cast<uint32_t>(strikes_.CountPutAside(now));
  stats->recovered = recovered_;
  stats->timeouts = timeouts_;
  stats->crashed = crashed_;
  stats->sandboxed = sandboxed_;
  stats->killed = killed_;
}

}  // namespace cbzfs
