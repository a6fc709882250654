// A request on its way through the pool.
//
// One thread after it was handed over; see worker_pool.cc.

#ifndef CBZFS_CODECS_WORKER_JOB_H_
#define CBZFS_CODECS_WORKER_JOB_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "codecs/worker/failed_try.h"
#include "codecs/worker/worker_pool.h"

namespace cbzfs {

struct Job {
  enum class Kind : uint8_t { kProbe, kAnalyse, kDraw };
  using Answer = std::variant<ProbeResult, Document, Drawn>;

  WorkerPool::RequestId id = 0;
  Kind kind = Kind::kProbe;
  Priority priority = Priority::kBackground;
  std::shared_ptr<const SourceFile> source;
  AnalyseRequest analysis;  // kAnalyse
  DrawRequest draw;         // kDraw
  absl::AnyInvocable<void(absl::StatusOr<Answer>)> done;

  // Set by a try that failed; the next one is the last.
  std::optional<FailedTry> failed;
  // Tries that ended because a zygote took all its workers with it.
  int lost_with_zygote = 0;
  // Only a worker that was started after the one of this number may have it: when a zygote goes,
  // all its workers do, and a second try at another of them would be none.
  uint64_t after_worker = 0;
  // Rather not this one: it has answered already.
  uint64_t not_worker = 0;
  // It ran for longer than WorkerPoolOptions::slow_after: from the slow lane, whatever its
  // document.
  bool slow = false;
  // Of a document that is slow or cost workers: from the slow lane for now.
  bool suspect = false;
  // Cancelled while it was at a worker.
  bool abandoned = false;
  // It failed for want of memory with what was guessed: next time it has all there is, alone.
  bool wants_all_memory = false;

  // What the worker will have open afterwards; 0: nothing, what is looked at once is closed.
  uint64_t DocumentKey() const { return IsLookedAtOnce(source->format()) ? 0 : source->key(); }
  // Room for the answer in its result file.
  uint64_t ResultCapacity() const;
  // What it takes at the worker, in bytes, as far as can be guessed (MemoryAccount holds it to
  // that). A drawing: the raster, once more for a decoded image or a transparency group, what
  // MuPDF needs otherwise, and the answer. A picture made of an image: what the decoder holds, the
  // rows where they are kept, and the answer. Answers count three times.
  uint64_t MemoryNeed() const;
  // The same without what unpacks the source, where all of it must be.
  uint64_t OwnNeed() const;
  // One of the sources whose entries can be had in order for one pass over all of them, and at a
  // pass for each otherwise: better one after another at one worker than at several at once.
  bool IsPass() const { return kind == Kind::kDraw && draw.finish == Finish::kEntry && OfPacked(); }
  bool OfPacked() const { return source != nullptr && source->format() == SourceFormat::kPacked; }
  // May not have the last free worker: what draws, and what nobody waits for.
  bool IsBulk() const { return kind == Kind::kDraw || priority > Priority::kListing; }

  // Whether a worker may be asked at all. kInvalidArgument for nonsense, kResourceExhausted for
  // what would never fit into `memory_bytes`.
  absl::Status Check(uint64_t memory_bytes) const;
  absl::Duration Deadline(const WorkerPoolOptions& pool) const;
  // "page 8", "the analysis", "the probe": for the log.
  std::string Describe() const;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_JOB_H_
