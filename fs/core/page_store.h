// The pages of open books: finished ones from the cache, others from a worker, each made once
// however many wait for it.
//
// A page's Body (codecs/zip/body.h) is what the layout cannot know beforehand. For an original page
// it is the seal behind the source's own bytes: made at once from the source, no worker involved.
// For all others a worker draws, enhances, scales or unpacks (page_recipe.h). A page that is made
// of the plain page waits for that one first, in the same table as everybody who reads the plain
// page.
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
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cache/index.h"
#include "cache/lru_cache.h"
#include "cache/single_flight.h"
#include "codecs/worker/worker_pool.h"
#include "codecs/zip/body.h"
#include "fs/core/book.h"
#include "fs/core/error_log.h"

namespace cbzfs {

// One version of one book, held open. Immutable.
struct OpenBook {
  std::string path;  // in the library, for messages
  std::shared_ptr<const SourceFile> file;
  std::shared_ptr<const Book> book;
  std::shared_ptr<const OpenBook> plain;  // of book->plain(), the same file; else null
};

// `book` over `file`, which is of the version that the book was made for.
std::shared_ptr<const OpenBook> HoldOpen(std::string path, std::shared_ptr<const SourceFile> file,
                                         std::shared_ptr<const Book> book);

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
    std::array<SlotStats, kRenditions> slots;  // by Rendition
    LruCacheStats cache;
  };

  PageStore(WorkerPool* pool, ErrorLog* errors, const AnalyseOptions& options, uint64_t cache_bytes)
      : pool_(pool), errors_(errors), options_(options), cache_(cache_bytes) {}

  // Null when `done` has been called from inside and nothing is left to wait for.
  std::shared_ptr<Wait> Get(const std::shared_ptr<const OpenBook>& book, uint32_t page,
                            Priority priority, Done done);

  // The data of original page `page` before its body has this CRC-32: somebody read all of it.
  // Saves Get() from reading it again.
  void OfferDataCrc(const OpenBook& book, uint32_t page, uint32_t data_crc);

  // The page would be at hand at once.
  bool Ready(const OpenBook& book, uint32_t page) const;

  // Memory of finished pages: see LruCache.
  uint64_t Restrict(uint64_t bytes) { return cache_.Restrict(bytes); }
  uint64_t Trim(uint64_t bytes) { return cache_.Trim(bytes); }

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
  using Flights = SingleFlight<Key, Body>;
  class Waiting;

  using Open = std::shared_ptr<const OpenBook>;

  absl::StatusOr<Pointer> Seal(const OpenBook& book, uint32_t page);
  Pointer KeepSeal(const Key& key, Pointer body);

  // The leader of a flight starts the work: at once, or when the plain page has come.
  void Start(const Open& book, const Key& key, Priority priority, uint64_t leader);
  void StartFromPlain(const Open& book, const Key& key, Priority priority, uint64_t leader);
  void Ask(const Open& book, std::shared_ptr<const SourceFile> source, const DrawRequest& request,
           const Key& key, Priority priority, uint64_t leader);
  // Nobody waits for the page any more.
  void Abandon(const Key& key, uint64_t work);
  absl::StatusOr<Pointer> Finish(const OpenBook& book, const Key& key, absl::StatusOr<Drawn> drawn);
  void CountSlot(const Book& book, uint32_t page, const Drawn& drawn);
  void Report(const OpenBook& book, uint32_t page, const std::string& reason);
  absl::Status Failed(const OpenBook& book, uint32_t page, const absl::Status& failure);

  WorkerPool* const pool_;
  ErrorLog* const errors_;
  const AnalyseOptions options_;
  LruCache<Key, Body> cache_;
  Flights flights_;
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
  mutable absl::Mutex slots_mu_;
  std::array<SlotStats, kRenditions> slots_ ABSL_GUARDED_BY(slots_mu_);
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_PAGE_STORE_H_
