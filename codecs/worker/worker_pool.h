// The daemon's door to the workers: what it may ask of them, and how it learns the answer.
//
// A WorkerPool owns the zygote (the worker program, started once, which forks the workers) and N
// workers plus one that only analyses, so that a stat never waits behind drawings. Requests queue
// by priority; each has a deadline; a worker that passes it is killed (SIGKILL), one that dies is
// replaced. Requests of one document prefer the worker that has it open, but a worker that is free
// never stays idle for it.
//
// Whatever fails is tried once more, on a fresh worker or on another, and fails when the second try
// does. What lies in the page and what cost workers is remembered by document and page for a while,
// so that a bad page does not eat a worker at each read. A document that cost workers at three
// places is put aside for that while: no worker is given it.
//
// Slow work does not slow the rest. A request that has run for `slow_after` gives up its place
// among the N: another worker is started, and its own runs on at a lower priority (nice). There are
// `slow_workers` places for such; when they are taken, its worker is killed, and it starts anew
// when one is free. What else is asked of a document that is slow now, or has cost a worker, goes
// to these places from the start, one request at a time. They may hold half of the memory. So there
// are never more than N + 1 + slow_workers worker processes.
//
// Nothing a worker says is trusted: results come in a memfd that the daemon made and sized, their
// length is checked, and they are copied out (or the memfd write-sealed) before they are looked at.
//
// Threads: every method from any thread. Callbacks run on the pool's own thread, never from inside
// a call of these methods, never under a lock; they must not block. After Stop() returns no
// callback runs any more; pending ones have been called with kCancelled.
//
// Statuses of results, besides those of codecs/pdf/pdf.h:
//   kDeadlineExceeded   the worker was killed at the deadline, twice
//   kInternal           the worker crashed, twice by the same signal
//   kDataLoss           the worker's answer made no sense, twice
//   kUnavailable        the worker ended otherwise, or the two tries differently; no worker can be
//                       started; the document was put aside
//   kCancelled          nobody waited any more, or Stop()
// and of these failure.h says whose fault they are.

#ifndef CBZFS_CODECS_WORKER_WORKER_POOL_H_
#define CBZFS_CODECS_WORKER_WORKER_POOL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "codecs/document/document.h"
#include "codecs/document/reader_profile.h"
#include "codecs/worker/sandbox_state.h"
#include "codecs/worker/source_file.h"

namespace cbzfs {

class MemoryKeeper;

// First is served first.
enum class Priority : uint8_t {
  kStat = 0,       // somebody waits for a file's size
  kReader = 1,     // somebody waits for a page
  kListing = 2,    // a directory is being listed
  kReadAhead = 3,  // somebody will probably want the page next
  kBackground = 4,
};

// What Probe tells: whether the document opens, at the cost of opening it.
struct ProbeResult {
  uint32_t page_count = 0;
};

// What is made of a page. The numbers go over the wire.
enum class Finish : uint8_t {
  kPage = 0,       // the page as the cbz view has it: kDrawn and kExtracted pages of a PDF
  kEnhanced = 1,   // of a kOriginal page of a PDF, or of an image
  kThumbnail = 2,  // the same, and of a kDrawn page that is a lone image
  kEntry = 3,      // an archive's entry, uncompressed
  kReader = 4,     // of a kOriginal page of a PDF, or of an image: as DrawRequest::reader says
};

struct AnalyseRequest {
  AnalyseOptions options;
  // A file beside the document that says what it is (codecs/metadata/sidecar.h); null: none.
  std::shared_ptr<const SourceFile> sidecar;
};

struct DrawRequest {
  uint32_t page = 0;
  Page row;  // of the document's table
  AnalyseOptions options;
  uint64_t max_payload = 0;
  // FitRequest::exact (codecs/image/jpeg_fit.h). `max_payload` is then far more than is expected,
  // which is `likely_payload`; 0: the same.
  bool exact = false;
  uint64_t likely_payload = 0;
  Finish finish = Finish::kPage;
  uint32_t width = 0;  // kThumbnail, kReader: how large exactly
  uint32_t height = 0;
  // A page of an archive: ArchiveEntry::index and ::bytes.
  uint32_t entry = 0;
  uint64_t entry_bytes = 0;
  ReaderProfile reader;  // kReader
  PagePart part = PagePart::kWhole;
  bool icc = false;  // of a page that is WebP: it has a colour profile
};

struct Drawn {
  std::string payload;  // kEntry: all of the entry's data
  uint32_t quality = 0;
  bool softened = false;
  // What was wrong with the page, which was made all the same; one line, usually empty.
  std::string note;
};

struct WorkerPoolOptions {
  std::string worker_program;                 // absolute path
  uint32_t workers = 0;                       // 0: one a core
  uint64_t memory_bytes = 512ull << 20;       // for workers and finished pages (memory_account.h)
  uint64_t alone_bytes = 0;                   // for one request without other workers, if more
  uint64_t reserve_bytes = 32ull << 20;       // for one analysis more, when that is used up
  MemoryKeeper* memory_keeper = nullptr;      // outlives the pool; null: nothing else counts
  uint64_t address_space_bytes = 4ull << 30;  // RLIMIT_AS of a worker
  uint64_t heap_bytes = 1ull << 30;           // RLIMIT_DATA of a worker: what a memory bomb ends at
  absl::Duration draw_deadline = absl::Seconds(20);
  absl::Duration analyse_deadline = absl::Seconds(10);
  absl::Duration probe_deadline = absl::Seconds(5);
  absl::Duration remember_failure = absl::Minutes(10);
  // Of wild pages at 150 dpi 999 in 1000 are drawn within 0.55 s.
  absl::Duration slow_after = absl::Seconds(1);
  uint32_t slow_workers = 0;  // 0: as many as workers, and two at least
  bool sandbox = true;        // a worker that cannot close its sandbox is none (sandbox.h)
};

struct WorkerPoolStats {
  uint32_t alive = 0;
  uint64_t restarts = 0;
  uint64_t timeouts = 0;   // workers killed at the deadline
  uint64_t crashed = 0;    // workers that died of SIGSEGV, SIGABRT and the like
  uint64_t sandboxed = 0;  // workers that the sandbox stopped
  uint64_t killed = 0;     // workers that were killed at work (SIGKILL): for memory, most likely
  uint64_t recovered = 0;  // requests that failed at first and then succeeded
  uint64_t preempted = 0;  // times a request was taken off its worker for being slow
  uint32_t slow = 0;       // requests in the places for slow ones
  uint32_t put_aside = 0;  // documents
  uint64_t drawn = 0;      // pages that workers drew
  uint64_t enhanced = 0;   // pages that workers enhanced
  uint64_t thumbnails = 0;
  uint64_t readers = 0;   // pages that workers made for views of the config file
  uint64_t entries = 0;   // entries of archives that workers unpacked
  uint64_t notices = 0;   // pages that say why there is none
  uint64_t failed = 0;    // requests that failed for good
  uint64_t analysed = 0;  // documents
  uint64_t probed = 0;
  uint32_t waiting = 0;          // requests in the queue
  uint32_t running = 0;          // requests at a worker
  uint64_t memory_reserved = 0;  // given to the requests at workers
  uint64_t memory_idle = 0;      // held by idle workers
  uint64_t memory_limit = 0;
  SandboxState sandbox;  // of the newest worker
};

class WorkerPool {
 public:
  using RequestId = uint64_t;

  // Has the zygote started, and does not wait for it: loading its libraries takes longer than all
  // else that a mount begins with. Requests may come at once. Call before any thread or cache
  // exists.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Launch(const WorkerPoolOptions& options);
  // Waits until a worker answers with this protocol's version, or not. kFailedPrecondition with a
  // message for the user when the program is missing, not executable or of another version, or its
  // workers cannot close their sandbox. Any thread.
  virtual absl::Status WaitUntilReady() { return absl::OkStatus(); }
  // Both.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Start(const WorkerPoolOptions& options);
  virtual ~WorkerPool() = default;

  virtual RequestId Probe(std::shared_ptr<const SourceFile> source, Priority priority,
                          absl::AnyInvocable<void(absl::StatusOr<ProbeResult>)> done) = 0;
  virtual RequestId Analyse(std::shared_ptr<const SourceFile> source, const AnalyseRequest& request,
                            Priority priority,
                            absl::AnyInvocable<void(absl::StatusOr<Document>)> done) = 0;
  virtual RequestId Draw(std::shared_ptr<const SourceFile> source, const DrawRequest& request,
                         Priority priority,
                         absl::AnyInvocable<void(absl::StatusOr<Drawn>)> done) = 0;

  // A request still in the queue moves up to `priority`. No effect on others.
  virtual void Raise(RequestId id, Priority priority) = 0;
  // A request still in the queue is dropped and its callback called with kCancelled; one at a
  // worker is let finish (its result may still be of use). No effect on unknown ids.
  virtual void Cancel(RequestId id) = 0;

  // Idle workers go, and what they hold with them; others come when they are wanted.
  virtual void TrimIdle() {}

  virtual WorkerPoolStats stats() const = 0;
  // Pids of the live workers: for tests and for the administrator.
  virtual std::vector<int> pids() const = 0;

  // Kills the workers, calls what is pending with kCancelled, joins the thread. What is asked later
  // is called so at once, from inside. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_WORKER_POOL_H_
