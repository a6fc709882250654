// The worker processes and their zygote: starting, greeting, killing and replacing them. Knows
// nothing of what they work on.
//
// Starting one takes several messages, so nothing here waits: Hire() sets it going, the events of
// the pool's epoll carry it on. A start that fails delays the next one (100 ms, doubling to 5 s).
//
// How a worker died its parent, the zygote, knows, and tells a moment after its socket has closed.
// So a worker that died at work is mourned until that word comes (TakeDeaths()); it takes its place
// until then.
//
// One thread, the pool's.

#ifndef CBZFS_CODECS_WORKER_CREW_H_
#define CBZFS_CODECS_WORKER_CREW_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "codecs/worker/clock.h"
#include "codecs/worker/sandbox_state.h"
#include "codecs/worker/unique_fd.h"
#include "codecs/worker/zygote.h"

namespace cbzfs {

namespace proto {
class Hello;
}

struct Worker {
  enum class State { kStarting, kIdle, kBusy, kDying };

  uint64_t number = 0;  // counts up and is never used again; the epoll tag
  State state = State::kStarting;
  pid_t pid = -1;   // -1 until the zygote has told it
  UniqueFd pidfd;   // may stay invalid
  UniqueFd socket;  // the daemon's end
  bool greeted = false;
  uint64_t served = 0;
  std::optional<int> wait_status;  // it has ended
  bool orphan = false;             // its zygote went, and takes it along
  bool nicer = false;              // MakeNicer() was called
  // kStarting: when it shall have greeted; kDying: when no word of its end is expected any more.
  MonotonicTime deadline;
  uint64_t last_used = 0;           // the crew's count of uses
  std::vector<uint64_t> documents;  // keys of what it has open, the last used first

  bool HasOpen(uint64_t key) const;
  bool HasDeadline() const { return state == State::kStarting || state == State::kDying; }
};

class Crew {
 public:
  struct Options {
    std::string program;
    WorkerLimits limits;
    size_t max_workers = 1;
    int stderr_fd = -1;
    int epoll_fd = -1;  // sockets are added with the worker's number, or kZygoteTag, as data
  };
  static constexpr uint64_t kZygoteTag = 1;
  static constexpr uint64_t kFirstWorker = 16;
  // As many documents as a worker keeps open (OpenSources::kMaxSources).
  static constexpr size_t kRememberedDocuments = 4;
  // After so many failed starts in a row (1.5 s) nobody should wait for a worker any longer.
  static constexpr int kHopeless = 4;
  // Word of an end comes within a millisecond of it; on a machine that swaps, later.
  static constexpr absl::Duration kWordOfEnd = absl::Milliseconds(500);

  explicit Crew(const Options& options) : options_(options) {}
  ~Crew();

  // Starts one more worker, unless there are max_workers, or a start failed just now, or the
  // zygote is not ready yet. Call again after each event while workers are wanted.
  void Hire(MonotonicTime now);
  // Ends one. kUnasked: it died, or had to be killed, and counts as a restart.
  enum class Why { kUnasked, kRecycled };
  void Dismiss(uint64_t number, Why why, MonotonicTime now);

  // The socket of one that is kBusy has closed: how it ended will be among TakeDeaths() soon.
  void Mourn(Worker* worker, MonotonicTime now);
  struct Death {
    uint64_t number = 0;
    pid_t pid = -1;
    bool with_zygote = false;        // no fault of its own
    std::optional<int> wait_status;  // none: it closed its socket, did not end, and was killed
  };
  // Of those that were mourned; they are gone.
  std::vector<Death> TakeDeaths() { return std::exchange(deaths_, {}); }

  bool has_deaths() const { return !deaths_.empty(); }

  // Lets it have only what others leave of the processors, for the rest of its life.
  void MakeNicer(Worker* worker);

  // Of epoll, for kZygoteTag and for a worker that is kStarting.
  void OnZygote(MonotonicTime now);
  void OnStarting(Worker* worker, MonotonicTime now);
  // Starts and ends that take too long, and the end of a delay.
  void OnTime(MonotonicTime now);
  // When OnTime() is due, or when Hire() may succeed again if `hiring`.
  MonotonicTime NextTime(bool hiring) const;

  // 0: nothing that stays open.
  void StartWork(Worker* worker, uint64_t document);
  // It answered and is free again.
  void EndWork(Worker* worker);

  // Null when there is no such worker any more.
  Worker* Find(uint64_t number);
  // An idle worker started after number `after`: if possible one that has the document open, else
  // one that has none, else the one unused longest; `not_this` only if there is no other. Null when
  // none is idle.
  Worker* FindIdle(uint64_t document, uint64_t after, uint64_t not_this);

  size_t Count(Worker::State state) const;
  size_t size() const { return workers_.size(); }
  size_t max_workers() const { return options_.max_workers; }
  std::vector<int> pids() const;  // of those that can serve or do
  uint64_t newest() const { return next_number_ - 1; }
  uint64_t restarts() const { return restarts_; }
  // Failed starts since a worker last answered a request or was started well.
  int failures() const { return failures_; }
  const absl::Status& last_failure() const { return last_failure_; }
  // Of the worker that was started last.
  const SandboxState& sandbox() const { return sandbox_; }

  // Kills all, at once.
  void DismissAll();

 private:
  void LaunchZygote(MonotonicTime now);
  void LoseZygote(const absl::Status& why, MonotonicTime now);
  void OnEnded(const EndedWorker& ended, MonotonicTime now);
  void Bury(const Worker& worker);
  void AdoptWorker(SpawnedWorker spawned, MonotonicTime now);
  absl::Status CheckGreeting(const proto::Hello& hello);
  void GreetIfReady(Worker* worker);
  void StartFailed(const absl::Status& why, MonotonicTime now);
  void Remove(uint64_t number);
  bool Watch(int fd, uint64_t tag);

  const Options options_;
  std::unique_ptr<Zygote> zygote_;
  bool zygote_ready_ = false;
  MonotonicTime zygote_deadline_;
  std::map<uint64_t, Worker> workers_;
  std::vector<Death> deaths_;
  uint64_t next_number_ = kFirstWorker;
  uint64_t uses_ = 0;
  uint64_t restarts_ = 0;
  int failures_ = 0;
  absl::Status last_failure_;
  SandboxState sandbox_;
  MonotonicTime not_before_;  // of the next start
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_CREW_H_
