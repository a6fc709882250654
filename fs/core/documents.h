// What is known of the library's comics: page tables from memory, from the index, or from a worker.
//
// A comic is known by its SourceKey: as soon as that changes it is another document. What a worker
// found is kept in the index, and so is a failure that lies in the file itself (no PDF, broken, a
// password): such a file shows under its own name. A failure that may be an accident (time, memory,
// a dead worker) counts for a while only.
//
// A table with the slots of enhanced pages costs more to make than one without, so the two are kept
// apart: whoever never looks at the enhanced view never pays for it.
//
// Threads: any. Callbacks come from inside the call when the answer is at hand, else from the
// worker pool's thread. Failures of a whole file are reported to the ErrorLog from here.

#ifndef CBZFS_FS_CORE_DOCUMENTS_H_
#define CBZFS_FS_CORE_DOCUMENTS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cache/index.h"
#include "cache/lru_cache.h"
#include "cache/single_flight.h"
#include "codecs/document/document.h"
#include "codecs/worker/worker_pool.h"
#include "fs/core/advice.h"
#include "fs/core/error_log.h"
#include "fs/core/library.h"
#include "fs/core/sidecar_file.h"

namespace cbzfs {

struct KnownDocument {
  uint64_t fingerprint = 0;
  std::shared_ptr<const Document> document;
};

// A version of a file, what it is taken for, and how much is wanted of it.
struct DocumentRef {
  SourceKey key;
  SourceFormat format = SourceFormat::kPdf;
  bool enhanced = false;  // the slots of enhanced pages too
  SidecarPointer sidecar;
  friend bool operator==(const DocumentRef& a, const DocumentRef& b) {
    return a.key == b.key && a.format == b.format && a.enhanced == b.enhanced &&
           SameSidecar(a.sidecar, b.sidecar);
  }
  template <typename H>
  friend H AbslHashValue(H h, const DocumentRef& r) {
    return H::combine(std::move(h), r.key, r.format, r.enhanced, HashOf(r.sidecar));
  }
};

// A page of a document in `.cbzfs/errors`: its number, 0 where it has none of its own, and the
// reason, which names the entry of an archive, whose numbers nobody can see.
struct PageLine {
  uint32_t number = 0;
  std::string reason;
};
PageLine LineOf(const Document& document, SourceFormat format, uint32_t row,
                std::string_view reason);

// Part of the key that documents are remembered by.
uint64_t HashOf(const AnalyseOptions& options);
uint64_t HashOf(const EnhanceOptions& options);

class Documents {
 public:
  using Pointer = std::shared_ptr<const KnownDocument>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<Pointer>)>;
  using ProbeDone = absl::AnyInvocable<void(absl::Status)>;

  struct Stats {
    uint64_t documents = 0;  // page tables in memory and in the index
    uint64_t hits = 0;       // found in the index
    uint64_t analysed = 0;   // by a worker
  };

  Documents(const Library* library, Index* index, WorkerPool* pool, ErrorLog* errors,
            const AnalyseOptions& options, const AdviceLimits& limits = {});

  // For whoever is about to Find() many.
  Index::Reading FindMany() { return Index::Reading(index_); }

  // What is known without a worker: the page table, or why there is none. A null page table: the
  // file opens, but its pages are not known yet. Empty: nothing is known yet.
  std::optional<absl::StatusOr<Pointer>> Find(const std::string& path, const DocumentRef& ref);

  // The page table of the file at `path`, which was `ref.key` when last looked at. kAborted when it
  // changed meanwhile: look again.
  void Get(const std::string& path, const DocumentRef& ref, Priority priority, Done done);

  // Whether the file at `path` will open, at the cost of opening it.
  void Probe(const std::string& path, const DocumentRef& ref, Priority priority, ProbeDone done);

  Stats stats() const;

 private:
  // A state of knowledge; `until` bounds that of accidents.
  struct State {
    absl::Status failure;
    Pointer document;  // null: it opens, but its pages are not known yet
    absl::Time until = absl::InfiniteFuture();
  };
  using Opened = std::shared_ptr<const SourceFile>;

  uint64_t OptionsHash(const DocumentRef& ref) const;
  DocumentKey IndexKey(const DocumentRef& ref) const;
  // From memory, else from the index; null: nothing is known.
  std::shared_ptr<const State> Recall(const std::string& path, const DocumentRef& ref);
  std::shared_ptr<const State> Remember(const DocumentRef& ref, State state);
  Pointer Learn(const std::string& path, const DocumentRef& ref, uint64_t fingerprint,
                Document document);
  void LearnFailure(const std::string& path, const DocumentRef& ref, uint64_t fingerprint,
                    const absl::Status& failure);
  void Report(const std::string& path, SourceFormat format, const absl::Status& failure);
  void ReportNotes(const std::string& path, SourceFormat format, const Document& document);

  // The file, still `ref.key`, and beginning as a PDF does if it is to be one. Learns the failure
  // where it does not.
  absl::StatusOr<Opened> OpenSource(const std::string& path, const DocumentRef& ref);
  // The bytes of the sidecar; null where there is none, or none that can be read, which is reported.
  absl::StatusOr<Opened> OpenSidecar(const std::string& path, const DocumentRef& ref);
  void StartAnalysis(const std::string& path, const DocumentRef& ref, Priority priority,
                     uint64_t leader);

  const Library* const library_;
  Index* const index_;
  WorkerPool* const pool_;
  ErrorLog* const errors_;
  const AnalyseOptions options_;
  const AdviceLimits limits_;
  LruCache<DocumentRef, State> states_;
  SingleFlight<DocumentRef, KnownDocument> flights_;
  std::atomic<uint64_t> hits_ = 0;
  std::atomic<uint64_t> analysed_ = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_DOCUMENTS_H_
