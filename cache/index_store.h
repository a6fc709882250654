// IndexStore: one connection to an index database: its schema, its rows, its bounds.
//
// What Index is built of; nobody else uses it. It knows no threads, no batches and no fallback:
// each failure is returned (statuses as in sqlite.h). Any thread; one at a time is inside.

#ifndef CBZFS_CACHE_INDEX_STORE_H_
#define CBZFS_CACHE_INDEX_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cache/index.h"
#include "cache/sqlite.h"

namespace cbzfs {

class IndexStore {
 public:
  using Rows = absl::flat_hash_map<DocumentKey, std::shared_ptr<const IndexedDocument>>;

  struct Found {
    int64_t id = 0;   // for Write's `used`
    int64_t day = 0;  // last used, days since 1970
    IndexedDocument document;
  };
  struct View {
    uint64_t options_hash = 0;
    int64_t since_ns = 0;
  };

  // kDataLoss: no database, a damaged one, somebody else's or one of another schema.
  static absl::StatusOr<std::unique_ptr<IndexStore>> Open(const std::string& path,
                                                          absl::Duration busy);
  static absl::StatusOr<std::unique_ptr<IndexStore>> OpenInMemory();

  absl::StatusOr<std::optional<Found>> Find(const DocumentKey& key) ABSL_LOCKS_EXCLUDED(mutex_);

  // Between the two, calls of Find() share one read transaction, which is begun anew when a row is
  // not found: it may have been written since. They nest, and are for a connection that nothing is
  // written through.
  void BeginReading() ABSL_LOCKS_EXCLUDED(mutex_);
  void EndReading() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::optional<Found>> FindByFingerprint(uint64_t fingerprint, int64_t size,
                                                         int64_t mtime_ns, uint64_t options,
                                                         uint32_t engine)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // In one transaction: puts `rows` and marks the rows with the ids `used` as used on `day`.
  absl::Status Write(const Rows& rows, const std::vector<int64_t>& used, int64_t day)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Deletes the rows longest unused until at most so many rows and bytes are stored.
  absl::Status Prune(uint64_t max_documents, uint64_t max_bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::StatusOr<std::optional<View>> FindView(std::string_view library, std::string_view view)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status PutView(std::string_view library, std::string_view view, const View& row)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Index::RememberView; writes only when something changed.
  absl::StatusOr<int64_t> RememberView(std::string_view library, std::string_view view,
                                       uint64_t options_hash, int64_t now_ns)
      ABSL_LOCKS_EXCLUDED(mutex_);

  absl::StatusOr<uint64_t> CountDocuments() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Statements;

  IndexStore();
  static absl::StatusOr<std::unique_ptr<IndexStore>> FromDatabase(sqlite::Database db);

  absl::StatusOr<std::optional<View>> SelectView(std::string_view library, std::string_view view)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status UpsertView(std::string_view library, std::string_view view, const View& row)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<uint64_t> Single(const sqlite::Statement& statement)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // How many of the oldest must go; 0: all is within the bounds.
  absl::StatusOr<uint64_t> Excess(uint64_t max_documents, uint64_t max_bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::StatusOr<std::optional<Found>> Select(const DocumentKey& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LeaveTransaction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  uint64_t readings_ ABSL_GUARDED_BY(mutex_) = 0;
  bool in_transaction_ ABSL_GUARDED_BY(mutex_) = false;
  sqlite::Database db_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Statements> statements_ ABSL_GUARDED_BY(mutex_);  // freed before db_

 public:
  ~IndexStore();
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_INDEX_STORE_H_
