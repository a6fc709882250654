#include "cache/index.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cache/index_file.h"
#include "cache/index_store.h"

namespace cbzfs {
namespace {

// A batch is written early when this much waits. Rows that come by the thousand share a commit.
constexpr size_t kBatchRows = 512;
constexpr uint64_t kBatchBytes = 4 << 20;
// What a waiting row takes besides its bytes.
constexpr uint64_t kRowOverhead = 256;

using Clock = std::chrono::steady_clock;
using Rows = IndexStore::Rows;

uint64_t BytesOf(const IndexedDocument& row) {
  const absl::Status& failure = row.document.status();
  return kRowOverhead + (failure.ok() ? row.document->size() : failure.message().size());
}

class IndexImpl final : public Index {
 public:
  // `disk` without connections: in memory from the start.
  IndexImpl(std::string path, index_file::Connections disk, IndexOptions options)
      : path_(std::move(path)), options_(std::move(options)), disk_(std::move(disk)) {
    absl::MutexLock lock(&mutex_);
    memory_only_ = disk_.writer == nullptr;
    readable_ = !memory_only_;
    writer_ = std::thread([this] { WriterLoop(); });
  }
  ~IndexImpl() override;
  std::optional<IndexedDocument> FindDocument(const DocumentKey& key) override;
  std::optional<IndexedDocument> FindByFingerprint(uint64_t fingerprint, int64_t size,
                                                   int64_t mtime_ns, uint64_t options,
                                                   uint32_t engine) override;
  void PutDocument(const DocumentKey& key, IndexedDocument document) override;
  int64_t RememberView(std::string_view library, std::string_view view, uint64_t options_hash,
                       int64_t now_ns) override;
  void Flush() override;
  IndexStats stats() const override;

 private:
  void BeginReading() override { disk_.reader ? disk_.reader->BeginReading() : void(); }
  void EndReading() override { disk_.reader ? disk_.reader->EndReading() : void(); }
  // Where a look-up goes on after the waiting rows.
  struct Stores {
    IndexStore* disk = nullptr;
    std::shared_ptr<IndexStore> memory;
  };
  Stores ReadStores() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return {readable_ ? disk_.reader.get() : nullptr, memory_};
  }

  template <typename Query>
  std::optional<IndexedDocument> FindStored(const Stores& stores, const Query& query);
  std::optional<IndexedDocument> Count(std::optional<IndexedDocument> found);
  void Warn(const std::string& message) const {
    if (options_.warn) options_.warn(message);
  }
  int64_t Today() const { return absl::ToUnixSeconds(options_.now()) / 86400; }

  // From now on in memory. Told once, until the disk was well again.
  void GiveUpDisk(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);
  bool MayRetryDisk() ABSL_LOCKS_EXCLUDED(mutex_);
  void WelcomeDisk() ABSL_LOCKS_EXCLUDED(mutex_);
  std::shared_ptr<IndexStore> Memory() ABSL_LOCKS_EXCLUDED(mutex_);

  void WriterLoop();
  bool Due(Clock::time_point now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitUntilDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  struct Batch {
    std::shared_ptr<const Rows> rows = std::make_shared<const Rows>();
    std::vector<int64_t> used;
    uint64_t flush = 0;  // the last Flush that this batch answers
    bool last = false;
  };
  Batch TakeBatch() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WriteBatch(const Batch& batch) ABSL_LOCKS_EXCLUDED(mutex_);
  void FinishBatch(const Batch& batch, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string path_;
  const IndexOptions options_;
  const index_file::Connections disk_;

  // Never held while a store is called: a store waits for the disk.
  mutable absl::Mutex mutex_;
  absl::CondVar wake_writer_;
  absl::CondVar flushed_;
  std::shared_ptr<IndexStore> memory_ ABSL_GUARDED_BY(mutex_);
  bool memory_only_ ABSL_GUARDED_BY(mutex_) = false;  // nothing is written to disk_ now
  absl::Time retry_at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool readable_ ABSL_GUARDED_BY(mutex_) = false;  // disk_ is still worth asking

  // A row is in `waiting_`, then in `writing_`, then in a store, and at each moment found in one.
  Rows waiting_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Rows> writing_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const Rows>();
  uint64_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t writing_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_set<int64_t> used_ ABSL_GUARDED_BY(mutex_);  // first used today; in no hurry
  Clock::time_point write_at_ ABSL_GUARDED_BY(mutex_) = Clock::time_point::max();
  uint64_t flush_asked_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t flush_done_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  IndexStats stats_ ABSL_GUARDED_BY(mutex_);

  std::thread writer_;
};

IndexImpl::~IndexImpl() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
    wake_writer_.SignalAll();
  }
  writer_.join();
}

std::optional<IndexedDocument> IndexImpl::Count(std::optional<IndexedDocument> found) {
  absl::MutexLock lock(&mutex_);
  ++(found ? stats_.hits : stats_.misses);
  return found;
}

template <typename Query>
std::optional<IndexedDocument> IndexImpl::FindStored(const Stores& stores, const Query& query) {
  if (stores.disk != nullptr) {
    absl::StatusOr<std::optional<IndexStore::Found>> row = query(*stores.disk);
    if (row.ok() && *row) {
      if ((*row)->day != Today()) {
        absl::MutexLock lock(&mutex_);
        if (!memory_only_) used_.insert((*row)->id);
      }
      return std::move((*row)->document);
    }
    if (!row.ok() && !absl::IsUnavailable(row.status())) GiveUpDisk(row.status());
  }
  if (stores.memory != nullptr) {
    absl::StatusOr<std::optional<IndexStore::Found>> row = query(*stores.memory);
    if (row.ok() && *row) return std::move((*row)->document);
  }
  return std::nullopt;
}

std::optional<IndexedDocument> IndexImpl::FindDocument(const DocumentKey& key) {
  Stores stores;
  {
    absl::MutexLock lock(&mutex_);
    for (const Rows* rows : {&std::as_const(waiting_), writing_.get()}) {
      if (auto row = rows->find(key); row != rows->end()) {
        ++stats_.hits;
        return *row->second;
      }
    }
    stores = ReadStores();
  }
  return Count(FindStored(stores, [&](IndexStore& store) { return store.Find(key); }));
}

std::optional<IndexedDocument> IndexImpl::FindByFingerprint(uint64_t fingerprint, int64_t size,
                                                            int64_t mtime_ns, uint64_t options,
                                                            uint32_t engine) {
  Stores stores;
  {
    absl::MutexLock lock(&mutex_);
    // Few rows wait, and whoever asks here is about to analyse a document otherwise.
    for (const Rows* rows : {&std::as_const(waiting_), writing_.get()}) {
      for (const auto& [key, row] : *rows) {
        if (row->fingerprint == fingerprint && key.source.size == size &&
            key.source.mtime_ns == mtime_ns && key.options == options && key.engine == engine) {
          ++stats_.hits;
          return *row;
        }
      }
    }
    stores = ReadStores();
  }
  return Count(FindStored(stores, [&](IndexStore& store) {
    return store.FindByFingerprint(fingerprint, size, mtime_ns, options, engine);
  }));
}

void IndexImpl::PutDocument(const DocumentKey& key, IndexedDocument document) {
  const uint64_t bytes = BytesOf(document);
  auto row = std::make_shared<const IndexedDocument>(std::move(document));
  absl::MutexLock lock(&mutex_);
  if (auto old = waiting_.find(key); old != waiting_.end()) {
    waiting_bytes_ -= BytesOf(*old->second);
    waiting_.erase(old);
  }
  if (waiting_bytes_ + writing_bytes_ + bytes > options_.memory_bytes) {
    ++stats_.dropped;
    return;
  }
  if (write_at_ == Clock::time_point::max()) {
    write_at_ = Clock::now() + absl::ToChronoNanoseconds(options_.write_delay);
    wake_writer_.SignalAll();  // from waiting for ever to waiting until then
  }
  waiting_bytes_ += bytes;
  waiting_.emplace(key, std::move(row));
  if (waiting_.size() == kBatchRows || waiting_bytes_ >= kBatchBytes) wake_writer_.SignalAll();
}

int64_t IndexImpl::RememberView(std::string_view library, std::string_view view,
                                uint64_t options_hash, int64_t now_ns) {
  bool writable;
  IndexStore* reader;
  {
    absl::MutexLock lock(&mutex_);
    writable = !memory_only_;
    reader = ReadStores().disk;
  }
  if (writable) {
    auto since = disk_.writer->RememberView(library, view, options_hash, now_ns);
    if (since.ok()) return *since;
    if (!absl::IsUnavailable(since.status())) GiveUpDisk(since.status());
  }
  // In memory, going on from what the file says.
  std::shared_ptr<IndexStore> memory = Memory();
  if (memory == nullptr) return 0;
  auto known = memory->FindView(library, view);
  if (reader != nullptr && known.ok() && !*known) {
    auto old = reader->FindView(library, view);
    if (old.ok() && *old) memory->PutView(library, view, **old).IgnoreError();
  }
  return memory->RememberView(library, view, options_hash, now_ns).value_or(0);
}

void IndexImpl::Flush() {
  absl::MutexLock lock(&mutex_);
  const uint64_t mine = ++flush_asked_;
  wake_writer_.SignalAll();
  while (flush_done_ < mine) flushed_.Wait(&mutex_);
}

IndexStats IndexImpl::stats() const {
  IndexStats stats;
  Stores stores;
  {
    absl::MutexLock lock(&mutex_);
    stats = stats_;
    stats.waiting = waiting_.size() + writing_->size();
    stats.memory_only = memory_only_;
    stores = ReadStores();
  }
  stats.documents = stats.waiting;
  if (stores.disk != nullptr) stats.documents += stores.disk->CountDocuments().value_or(0);
  if (stores.memory != nullptr) stats.documents += stores.memory->CountDocuments().value_or(0);
  return stats;
}

void IndexImpl::GiveUpDisk(const absl::Status& why) {
  {
    absl::MutexLock lock(&mutex_);
    // What was read before the disk filled up is as true as ever; a damaged file is not.
    if (absl::IsDataLoss(why)) readable_ = false;
    retry_at_ = readable_ ? options_.now() + options_.retry_delay : absl::InfiniteFuture();
    if (std::exchange(memory_only_, true)) return;
    used_.clear();
  }
  const bool damaged = absl::IsDataLoss(why);
  if (damaged) index_file::MoveAside(path_, disk_.file);
  Warn(absl::StrCat("index ", path_, ": ", why.message(),
                    damaged ? "; moved to " + path_ + ".corrupt" : "", "; going on in memory"));
}

bool IndexImpl::MayRetryDisk() {
  absl::MutexLock lock(&mutex_);
  return memory_only_ && options_.now() >= retry_at_;
}

void IndexImpl::WelcomeDisk() {
  {
    absl::MutexLock lock(&mutex_);
    memory_only_ = false;
  }
  Warn(absl::StrCat("index ", path_, ": can be written to again"));
}

std::shared_ptr<IndexStore> IndexImpl::Memory() {
  {
    absl::MutexLock lock(&mutex_);
    if (memory_ != nullptr) return memory_;
  }
  absl::StatusOr<std::unique_ptr<IndexStore>> made = IndexStore::OpenInMemory();
  absl::MutexLock lock(&mutex_);
  if (memory_ == nullptr && made.ok()) memory_ = *std::move(made);
  return memory_;
}

bool IndexImpl::Due(Clock::time_point now) const {
  return stop_ || flush_asked_ > flush_done_ || waiting_.size() >= kBatchRows ||
         waiting_bytes_ >= kBatchBytes || now >= write_at_;
}

void IndexImpl::WaitUntilDue() {
  for (Clock::time_point now = Clock::now(); !Due(now); now = Clock::now()) {
    if (write_at_ == Clock::time_point::max()) {
      wake_writer_.Wait(&mutex_);
    } else {
      wake_writer_.WaitWithTimeout(&mutex_, absl::FromChrono(write_at_ - now));
    }
  }
}

IndexImpl::Batch IndexImpl::TakeBatch() {
  absl::MutexLock lock(&mutex_);
  WaitUntilDue();
  Batch batch;
  batch.rows = std::make_shared<const Rows>(std::exchange(waiting_, {}));
  batch.used.assign(used_.begin(), used_.end());
  batch.flush = flush_asked_;
  batch.last = stop_;
  writing_ = batch.rows;
  writing_bytes_ = std::exchange(waiting_bytes_, 0);
  used_.clear();
  write_at_ = Clock::time_point::max();
  return batch;
}

absl::Status IndexImpl::WriteBatch(const Batch& batch) {
  bool to_disk;
  {
    absl::MutexLock lock(&mutex_);
    to_disk = !memory_only_;
  }
  if (to_disk || MayRetryDisk()) {
    absl::Status status = disk_.writer->Write(*batch.rows, batch.used, Today());
    if (absl::IsUnavailable(status)) return status;
    if (status.ok()) status = disk_.writer->Prune(options_.max_documents, options_.max_bytes);
    if (status.ok() && !to_disk) WelcomeDisk();
    if (status.ok() || absl::IsUnavailable(status)) return absl::OkStatus();
    GiveUpDisk(status);
  }
  std::shared_ptr<IndexStore> memory = Memory();
  if (memory == nullptr) return absl::ResourceExhaustedError("no memory for the index");
  if (auto status = memory->Write(*batch.rows, {}, Today()); !status.ok()) return status;
  return memory->Prune(options_.max_documents, options_.memory_bytes);
}

void IndexImpl::FinishBatch(const Batch& batch, const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (status.ok()) {
    stats_.written += batch.rows->size();
  } else if (absl::IsUnavailable(status)) {
    // Somebody else held the file all the time: the rows wait on, unless there are newer ones.
    for (const auto& [key, row] : *batch.rows) {
      if (waiting_.emplace(key, row).second) waiting_bytes_ += BytesOf(*row);
    }
    write_at_ = Clock::now() + absl::ToChronoNanoseconds(options_.write_delay);
  } else {
    stats_.dropped += batch.rows->size();
  }
  writing_ = std::make_shared<const Rows>();
  writing_bytes_ = 0;
  flush_done_ = batch.flush;
  flushed_.SignalAll();
}

void IndexImpl::WriterLoop() {
  // Nothing to write yet, but the file may be over its bounds.
  WriteBatch(Batch()).IgnoreError();
  for (bool last = false; !last;) {
    const Batch batch = TakeBatch();
    absl::Status status;
    if (!batch.rows->empty() || !batch.used.empty()) status = WriteBatch(batch);
    FinishBatch(batch, status);
    last = batch.last;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Index>> Index::Open(const std::string& path, IndexOptions options) {
  if (absl::Status status = index_file::PrepareFolder(path); !status.ok()) return status;
  absl::StatusOr<index_file::Connections> disk = index_file::Open(path);
  const std::string warning =
      disk.ok()
          ? disk->warning
          : absl::StrCat("index ", path, ": ", disk.status().message(), "; going on in memory");
  if (!warning.empty() && options.warn) options.warn(warning);
  return std::make_unique<IndexImpl>(path, disk.ok() ? *std::move(disk) : index_file::Connections(),
                                     std::move(options));
}

std::unique_ptr<Index> Index::OpenInMemory(IndexOptions options) {
  return std::make_unique<IndexImpl>("", index_file::Connections(), std::move(options));
}

}  // namespace cbzfs
