// The pages of open books: finished ones from the cache, others from a worker, each made once
// however many wait for it.
//
// A page's Body (codecs/zip/body.h) is what the layout cannot know beforehand. For an original page
// it is the seal behind the source's own bytes: made at once from the source, no worker involved.
// For all others a worker draws, enhances, scales or unpacks (page_recipe.h), unless the second
// level has the page (cache/store). An entry that is unpacked is one page for all renditions. A
// page that is made of the plain page waits for that one first, in the same table as everybody who
// reads the plain page.
//
// A page that cannot be made is listed in the ErrorLog, once. Whoever reads it gets EIO, or a
// notice page in its place (on_error.h): drawn by a worker that is well, of exactly the page's size
// in pixels and in bytes. A page made of a plain page that failed has a notice of its own. A notice
// of a page that is at fault is kept like any page; one of an accident is not, here or in the
// kernel (MayBeKept()), so that a later read tries again. Where the notice itself cannot be drawn,
// EIO.
//
// Threads: any. Callbacks come from inside the call when the page is at hand, else from the worker
// pool's thread. The store must outlive what waits for it; Services (services.h) sees to that.

#ifndef CBZFS_FS_CORE_PAGE_STORE_H_
#define CBZFS_FS_CORE_PAGE_STORE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cache/index.h"
#include "cache/lru_cache.h"
#include "cache/single_flight.h"
#include "cache/store/second_level.h"
#include "codecs/worker/worker_pool.h"
#include "codecs/zip/body.h"
#include "fs/core/advice.h"
#include "fs/core/book.h"
#include "fs/core/error_log.h"
#include "fs/core/on_error.h"
#include "fs/core/open_book.h"

namespace cbzfs {

class PageStore {
 public:
  using Pointer = std::shared_ptr<const Body>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<Pointer>)>;

  // One who waits for a page. Leave() gives up; `done` then does not run, or runs already.
  class Wait {
   public:
    virtual ~Wait() = default;
    virtual void Leave() = 0;
  };

  // Pages of one rendition that were fitted into slots.
  struct SlotStats {
    uint64_t pages = 0;
    uint64_t lowered = 0;   // of these, below the asked quality, and
    uint64_t softened = 0;  // with less detail, because their slot was too small
    uint64_t bytes = 0;     // of the slots
    uint64_t used = 0;      // of these, by images; the rest is padding
  };
  struct Stats {
    uint64_t original = 0;                     // original pages sealed and served from the source
    uint64_t joined = 0;                       // requests that joined one under way
    uint64_t failed = 0;                       // pages that could not be made
    uint64_t notices = 0;                      // notice pages drawn in their place
    uint64_t stored = 0;                       // pages that the second level had
    std::array<SlotStats, kRenditions> slots;  // by Rendition
    LruCacheStats cache;
  };

  PageStore(WorkerPool* pool, ErrorLog* errors, const AnalyseOptions& options, uint64_t cache_bytes,
            OnError on_error = OnError::kAuto, const AdviceLimits& limits = {})
      : pool_(pool),
        errors_(errors),
        options_(options),
        on_error_(on_error),
        limits_(limits),
        cache_(cache_bytes) {}

  // Where finished pages are looked for before a worker is asked, and kept. Before the first Get();
  // it outlives this.
  void SetSecondLevel(SecondLevel* second) { second_ = second; }

  // Null when `done` has been called from inside and nothing is left to wait for.
  std::shared_ptr<Wait> Get(const std::shared_ptr<const OpenBook>& book, uint32_t page,
                            Priority priority, Done done);

  // The data of original page `page` before its body has this CRC-32: somebody read all of it.
  // Saves Get() from reading it again.
  void OfferDataCrc(const OpenBook& book, uint32_t page, uint32_t data_crc);

  // The page would be at hand at once.
  bool Ready(const OpenBook& book, uint32_t page) const;

  // The kernel may keep what it was given of the book's files when they are opened again: no page
  // of it was the notice of an accident.
  bool MayBeKept(const Book& book) const;

  // Bytes of the source itself could not be read. Reports it, unless the source is another by now,
  // and returns what the reader shall be told.
  absl::Status SourceFailed(const OpenBook& book, const absl::Status& failure);

  // Memory of finished pages: see LruCache.
  uint64_t Restrict(uint64_t bytes);
  uint64_t Trim(uint64_t bytes);

  // No new work is started from here on; what waits is called with kCancelled as the pool stops.
  void Stop() { stopping_ = true; }

  Stats stats() const;

 private:
  struct Key {
    uint64_t book = 0;
    uint32_t page = 0;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.book, key.page);
    }
  };
  // A page, or the notice in its place.
  struct Made {
    Pointer body;
    absl::Status failure;  // why it is a notice; OK for a page
  };
  using MadePointer = std::shared_ptr<const Made>;
  using MadeDone = absl::AnyInvocable<void(absl::StatusOr<MadePointer>)>;
  using Flights = SingleFlight<Key, Made>;
  class Waiting;

  using Open = std::shared_ptr<const OpenBook>;
  // The work that a flight waits for.
  struct Flight {
    Key key;
    Priority priority = Priority::kBackground;
    uint64_t leader = 0;
  };

  static Pointer BodyIn(const MadePointer& made) { return {made, made->body.get()}; }
  std::shared_ptr<Wait> GetMade(const Open& book, uint32_t page, Priority priority, MadeDone done);
  absl::StatusOr<Pointer> Seal(const OpenBook& book, uint32_t page);
  MadePointer KeepSeal(const Key& key, Pointer body);
  MadePointer Keep(const Key& key, Pointer body, const absl::Status& failure);

  // An entry that is larger than all of the cache stays until the next one: it is read piece by
  // piece, and must not be unpacked for each. (A page never is so large.)
  void HoldLarge(const Key& key, MadePointer made);
  MadePointer FindLarge(const Key& key);
  // Lets it go if it is of more than `bytes`.
  void DropLarge(uint64_t bytes);

  // The leader of a flight starts the work: at once, or when the plain page has come.
  void Start(const Open& book, const Flight& flight);
  void Make(const Open& book, const Flight& flight);
  void StartFromPlain(const Open& book, const Flight& flight);
  // `done` gets the worker's answer and completes the flight, or asks for something else.
  using Answered = absl::AnyInvocable<void(absl::StatusOr<Drawn>)>;
  void Ask(std::shared_ptr<const SourceFile> source, const DrawRequest& request,
           const Flight& flight, Answered done);
  void AskForPage(const Open& book, std::shared_ptr<const SourceFile> source,
                  const DrawRequest& request, const Flight& flight);
  // Nobody waits for the page any more.
  void Abandon(const Key& key, uint64_t work);
  void Finish(const Open& book, const Flight& flight, absl::StatusOr<Drawn> drawn);
  void CountSlot(const Book& book, uint32_t page, const Drawn& drawn);

  // page_store_second.cc: pages that the second level has, or is given.
  void LookInSecondLevel(const Open& book, const Flight& flight, const StoreKey& store_key);
  absl::StatusOr<MadePointer> TakeStored(const OpenBook& book, const Key& key,
                                         const StoreKey& store_key, std::string_view value);
  void KeepInSecondLevel(const OpenBook& book, uint32_t page, const Drawn& drawn);

  // page_store_failures.cc: what becomes of a page that cannot be made.
  void Fail(const Open& book, const Flight& flight, const absl::Status& failure);
  void AskForNotice(const Open& book, const Flight& flight, const absl::Status& failure);
  absl::StatusOr<MadePointer> FinishNotice(const OpenBook& book, const Key& key,
                                           const absl::Status& failure,
                                           absl::StatusOr<Drawn> drawn);
  absl::Status NoNotice(const OpenBook& book, uint32_t page, const absl::Status& failure,
                        const absl::Status& why);
  void ReportFailure(const OpenBook& book, const Key& key, const absl::Status& failure,
                     bool notice);
  void ReportNote(const OpenBook& book, uint32_t page, const std::string& note);
  std::string AdviceOf(const Book& book, const absl::Status& failure) const;
  // The page was made: what an accident has left in the list goes.
  void Recovered(const Key& key);

  WorkerPool* const pool_;
  ErrorLog* const errors_;
  const AnalyseOptions options_;
  const OnError on_error_;
  const AdviceLimits limits_;
  SecondLevel* second_ = nullptr;
  LruCache<Key, Made> cache_;
  Flights flights_;
  absl::Mutex large_mu_;
  Key large_key_ ABSL_GUARDED_BY(large_mu_);
  MadePointer large_ ABSL_GUARDED_BY(large_mu_);
  // Flights that wait for their plain page, and how they do. Whoever takes one out carries it on:
  // the plain page as it comes, or the last who waited as they leave.
  struct Stage {
    uint64_t leader = 0;
    std::shared_ptr<Wait> wait;  // null until Get() has returned
    Priority priority = Priority::kBackground;
  };
  // Of this leader, or of any where `leader` is 0.
  std::optional<Stage> TakeStage(const Key& key, uint64_t leader);
  // Somebody joined who is in more of a hurry.
  void RaiseStage(const Open& book, const Key& key, Priority priority);
  absl::Mutex stages_mu_;
  absl::flat_hash_map<Key, Stage> stages_ ABSL_GUARDED_BY(stages_mu_);
  std::atomic<bool> stopping_ = false;
  std::atomic<uint64_t> original_ = 0;
  std::atomic<uint64_t> failed_ = 0;
  std::atomic<uint64_t> notices_ = 0;
  std::atomic<uint64_t> stored_ = 0;
  // Accidents that are listed, each as it was reported, and books of which a notice of an accident
  // was handed out. Both bounded: past that a line stays, and nothing is kept by the kernel.
  struct Accident {
    std::string path;
    PageLine line;
  };
  std::optional<Accident> TakeAccident(const Key& key);
  mutable absl::Mutex accidents_mu_;
  absl::flat_hash_map<Key, Accident> accidents_ ABSL_GUARDED_BY(accidents_mu_);
  absl::flat_hash_set<uint64_t> unkept_books_ ABSL_GUARDED_BY(accidents_mu_);
  mutable absl::Mutex slots_mu_;
  std::array<SlotStats, kRenditions> slots_ ABSL_GUARDED_BY(slots_mu_);
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_PAGE_STORE_H_
