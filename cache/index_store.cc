#include "cache/index_store.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

using sqlite::Query;
using sqlite::Statement;
using sqlite::Transaction;

// "cbzf". Says to file(1) and to us whose database this is.
constexpr int64_t kApplicationId = 0x63627a66;
// Raise when the schema changes: a file of another version is begun anew.
constexpr int64_t kSchemaVersion = 1;

// The schema. A row's `body` is the encoded document when `code` is 0, else the message of the
// failure with that absl::StatusCode. `body` comes last, so that marking a row as used rewrites
// only its first page. No AUTOINCREMENT: an id used again costs one wrong `used`.
constexpr char kSchema[] = R"(
  CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    used INTEGER NOT NULL,  -- day
    dev INTEGER NOT NULL, ino INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    options INTEGER NOT NULL, engine INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    code INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX document_by_source
    ON document (ino, dev, size, mtime_ns, ctime_ns, options, engine);
  CREATE INDEX document_by_fingerprint ON document (fingerprint);
  CREATE INDEX document_by_use ON document (used);
  CREATE TABLE view (
    library BLOB NOT NULL, name BLOB NOT NULL,
    options INTEGER NOT NULL, since_ns INTEGER NOT NULL,
    PRIMARY KEY (library, name)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = 0x63627a66;
  PRAGMA user_version = 1;
)";

// WAL: readers and one writer at once, also from several programs. No mmap: a file that is cut short
// under it would be SIGBUS.
constexpr char kSettings[] = R"(
  PRAGMA journal_mode = WAL;
  PRAGMA mmap_size = 0;
  PRAGMA cell_size_check = ON;
  PRAGMA journal_size_limit = 8388608;
)";

// While an empty file is given its tables, nothing waits for the disk (ten times, else, before the
// first mount): there is nothing to lose yet, and what a power failure leaves half made is found
// damaged and begun anew.
constexpr char kBeginEmpty[] = R"(
  PRAGMA synchronous = OFF;
  PRAGMA auto_vacuum = INCREMENTAL;  -- so that pruning shrinks it; must come before the first table
)";

// No fsync but at checkpoints; a power failure may lose the last batches and damages nothing.
constexpr char kInUse[] = "PRAGMA synchronous = NORMAL";

absl::StatusOr<int64_t> ReadInt(sqlite3* db, const char* sql) {
  absl::StatusOr<Statement> statement = sqlite::Prepare(db, sql);
  if (!statement.ok()) return statement.status();
  Query query(*statement);
  absl::StatusOr<bool> row = query.Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::InternalError(absl::StrCat(sql, " gave no row"));
  return query.Int(0);
}

enum class Schema { kOurs, kEmpty };

absl::StatusOr<Schema> Examine(sqlite3* db) {
  auto application = ReadInt(db, "PRAGMA application_id");
  if (!application.ok()) return application.status();
  auto version = ReadInt(db, "PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*application == kApplicationId && *version == kSchemaVersion) return Schema::kOurs;
  if (*application == kApplicationId) {
    return absl::DataLossError(
        absl::StrCat("its schema is version ", *version, ", not ", kSchemaVersion));
  }
  auto things = ReadInt(db, "SELECT COUNT(*) FROM sqlite_schema");
  if (!things.ok()) return things.status();
  if (*application == 0 && *version == 0 && *things == 0) return Schema::kEmpty;
  return absl::DataLossError("it is the database of another program");
}

absl::Status EnsureSchema(sqlite3* db) {
  absl::StatusOr<Schema> schema = Examine(db);
  if (!schema.ok()) return schema.status();
  if (*schema == Schema::kOurs) return absl::OkStatus();
  Transaction transaction(db);
  if (absl::Status status = transaction.Begin(); !status.ok()) return status;
  schema = Examine(db);  // another program may have been quicker
  if (!schema.ok()) return schema.status();
  if (*schema == Schema::kEmpty) {
    if (absl::Status status = sqlite::Execute(db, kSchema); !status.ok()) return status;
  }
  return transaction.Commit();
}

// Over all that a row says. SQLite has no checksums of its own, and a flipped bit in a page table
// would not be slow but wrong.
uint64_t Checksum(const DocumentKey& key, uint64_t fingerprint, int64_t code,
                  std::string_view body) {
  const std::array<uint64_t, 9> head = {key.source.dev,
                                        key.source.ino,
                                        static_cast<uint64_t>(key.source.size),
                                        static_cast<uint64_t>(key.source.mtime_ns),
                                        static_cast<uint64_t>(key.source.ctime_ns),
                                        key.options,
                                        key.engine,
                                        fingerprint,
                                        static_cast<uint64_t>(code)};
  return XXH3_64bits_withSeed(body.data(), body.size(), XXH3_64bits(head.data(), sizeof head));
}

// The columns every look-up selects, in the order FromRow reads them.
#define CBZFS_COLUMNS                                                                            \
  "SELECT id, used, dev, ino, size, mtime_ns, ctime_ns, options, engine, fingerprint, checksum," \
  " code, body FROM document "

// Nothing when the row is damaged.
std::optional<IndexStore::Found> FromRow(const Query& row) {
  DocumentKey key;
  key.source = {row.Unsigned(2), row.Unsigned(3), row.Int(4), row.Int(5), row.Int(6)};
  key.options = row.Unsigned(7);
  key.engine = static_cast<uint32_t>(row.Int(8));
  const uint64_t fingerprint = row.Unsigned(9);
  const int64_t code = row.Int(11);
  const std::string_view body = row.Bytes(12);
  if (row.Unsigned(10) != Checksum(key, fingerprint, code, body)) return std::nullopt;
  IndexStore::Found found{row.Int(0), row.Int(1), {fingerprint, std::string()}};
  if (code == 0) {
    found.document.document = std::string(body);
  } else {
    found.document.document = absl::Status(static_cast<absl::StatusCode>(code), std::string(body));
  }
  return found;
}

absl::StatusOr<std::optional<IndexStore::Found>> FirstRow(Query& query) {
  for (;;) {
    absl::StatusOr<bool> row = query.Step();
    if (!row.ok()) return row.status();
    if (!*row) return std::optional<IndexStore::Found>();
    if (std::optional<IndexStore::Found> found = FromRow(query)) return found;
  }
}

}  // namespace

struct IndexStore::Statements {
  Statement find, find_by_fingerprint, put, mark_used, delete_oldest, vacuum, count, bytes,
      find_view, put_view;

  absl::Status Prepare(sqlite3* db) {
    const std::pair<Statement*, const char*> all[] = {
        {&find,
         CBZFS_COLUMNS "WHERE ino = ? AND dev = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?"
                       " AND options = ? AND engine = ?"},
        {&find_by_fingerprint, CBZFS_COLUMNS
         "WHERE fingerprint = ? AND size = ? AND mtime_ns = ? AND options = ? AND engine = ?"
         " ORDER BY id DESC"},
        {&put,
         "INSERT OR REPLACE INTO document (ino, dev, size, mtime_ns, ctime_ns, options, engine,"
         " fingerprint, used, checksum, code, body) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&mark_used, "UPDATE document SET used = ? WHERE id = ?"},
        {&delete_oldest,
         "DELETE FROM document WHERE id IN (SELECT id FROM document ORDER BY used, id LIMIT ?)"},
        {&vacuum, "PRAGMA incremental_vacuum"},
        {&count, "SELECT COUNT(*) FROM document"},
        {&bytes,
         "SELECT (SELECT page_size FROM pragma_page_size) *"
         " ((SELECT page_count FROM pragma_page_count)"
         " - (SELECT freelist_count FROM pragma_freelist_count))"},
        {&find_view, "SELECT options, since_ns FROM view WHERE library = ? AND name = ?"},
        {&put_view,
         "INSERT OR REPLACE INTO view (library, name, options, since_ns) VALUES (?,?,?,?)"},
    };
    for (const auto& [place, sql] : all) {
      absl::StatusOr<Statement> statement = sqlite::Prepare(db, sql);
      if (!statement.ok()) return statement.status();
      *place = *std::move(statement);
    }
    return absl::OkStatus();
  }
};

IndexStore::IndexStore() = default;
IndexStore::~IndexStore() = default;

absl::StatusOr<std::unique_ptr<IndexStore>> IndexStore::FromDatabase(sqlite::Database db) {
  auto statements = std::make_unique<Statements>();
  // Looked at before anything is set: another program's database is left as it is.
  absl::StatusOr<Schema> schema = Examine(db.get());
  if (!schema.ok()) return schema.status();
  if (*schema == Schema::kEmpty) {
    absl::Status status = sqlite::Execute(db.get(), kBeginEmpty);
    if (!status.ok()) return status;
  }
  if (absl::Status status = sqlite::Execute(db.get(), kSettings); !status.ok()) return status;
  if (absl::Status status = EnsureSchema(db.get()); !status.ok()) return status;
  if (absl::Status status = sqlite::Execute(db.get(), kInUse); !status.ok()) return status;
  if (absl::Status status = statements->Prepare(db.get()); !status.ok()) {
    // The schema says it is ours, and yet a table is missing.
    return absl::IsInternal(status) ? absl::DataLossError(status.message()) : status;
  }
  std::unique_ptr<IndexStore> store(new IndexStore);
  absl::MutexLock lock(&store->mutex_);
  store->db_ = std::move(db);
  store->statements_ = std::move(statements);
  return store;
}

absl::StatusOr<std::unique_ptr<IndexStore>> IndexStore::Open(const std::string& path,
                                                             absl::Duration busy) {
  absl::StatusOr<sqlite::Database> db = sqlite::Open(path, busy);
  if (!db.ok()) return db.status();
  return FromDatabase(*std::move(db));
}

absl::StatusOr<std::unique_ptr<IndexStore>> IndexStore::OpenInMemory() {
  return Open(":memory:", absl::ZeroDuration());
}

void IndexStore::BeginReading() {
  absl::MutexLock lock(&mutex_);
  ++readings_;
}

void IndexStore::EndReading() {
  absl::MutexLock lock(&mutex_);
  if (--readings_ == 0) LeaveTransaction();
}

void IndexStore::LeaveTransaction() {
  if (std::exchange(in_transaction_, false)) sqlite::Execute(db_.get(), "COMMIT").IgnoreError();
}

absl::StatusOr<std::optional<IndexStore::Found>> IndexStore::Find(const DocumentKey& key) {
  absl::MutexLock lock(&mutex_);
  if (readings_ == 0) return Select(key);
  const bool older = in_transaction_;
  // Without a transaction each call has one of its own, which does as well.
  if (!older) in_transaction_ = sqlite::Execute(db_.get(), "BEGIN").ok();
  auto found = Select(key);
  if (!found.ok()) LeaveTransaction();
  if (!found.ok() || found->has_value() || !older) return found;
  LeaveTransaction();
  return Select(key);
}

absl::StatusOr<std::optional<IndexStore::Found>> IndexStore::Select(const DocumentKey& key) {
  Query query(statements_->find);
  query.Bind(key.source.ino).Bind(key.source.dev).Bind(key.source.size).Bind(key.source.mtime_ns);
  query.Bind(key.source.ctime_ns).Bind(key.options).Bind(uint64_t{key.engine});
  return FirstRow(query);
}

absl::StatusOr<std::optional<IndexStore::Found>> IndexStore::FindByFingerprint(
    uint64_t fingerprint, int64_t size, int64_t mtime_ns, uint64_t options, uint32_t engine) {
  absl::MutexLock lock(&mutex_);
  Query query(statements_->find_by_fingerprint);
  query.Bind(fingerprint).Bind(size).Bind(mtime_ns).Bind(options).Bind(uint64_t{engine});
  return FirstRow(query);
}

absl::Status IndexStore::Write(const Rows& rows, const std::vector<int64_t>& used, int64_t day) {
  absl::MutexLock lock(&mutex_);
  Transaction transaction(db_.get());
  if (absl::Status status = transaction.Begin(); !status.ok()) return status;
  for (int64_t id : used) {
    if (auto status = Query(statements_->mark_used).Bind(day).Bind(id).Run(); !status.ok()) {
      return status;
    }
  }
  for (const auto& [key, row] : rows) {
    const absl::Status& failure = row->document.status();
    const std::string body = failure.ok() ? *row->document : std::string(failure.message());
    const int64_t code = failure.raw_code();
    const SourceKey& source = key.source;
    Query put(statements_->put);
    put.Bind(source.ino).Bind(source.dev).Bind(source.size).Bind(source.mtime_ns);
    put.Bind(source.ctime_ns).Bind(key.options).Bind(uint64_t{key.engine}).Bind(row->fingerprint);
    put.Bind(day).Bind(Checksum(key, row->fingerprint, code, body)).Bind(code).Blob(body);
    if (absl::Status status = put.Run(); !status.ok()) return status;
  }
  return transaction.Commit();
}

absl::StatusOr<uint64_t> IndexStore::Single(const Statement& statement) {
  Query query(statement);
  absl::StatusOr<bool> row = query.Step();
  if (!row.ok()) return row.status();
  return *row ? query.Unsigned(0) : 0;
}

absl::StatusOr<uint64_t> IndexStore::Excess(uint64_t max_documents, uint64_t max_bytes) {
  absl::StatusOr<uint64_t> count = Single(statements_->count);
  if (!count.ok()) return count.status();
  absl::StatusOr<uint64_t> bytes = Single(statements_->bytes);
  if (!bytes.ok()) return bytes.status();
  const uint64_t by_count = *count > max_documents ? *count - max_documents : 0;
  if (*bytes <= max_bytes) return by_count;
  // As if all rows were of one size; the caller looks again.
  const double share = static_cast<double>(*bytes - max_bytes) / static_cast<double>(*bytes);
  const auto by_bytes = static_cast<uint64_t>(std::ceil(static_cast<double>(*count) * share));
  return std::max(by_count, std::min(by_bytes, *count));
}

absl::Status IndexStore::Prune(uint64_t max_documents, uint64_t max_bytes) {
  absl::MutexLock lock(&mutex_);
  bool pruned = false;
  for (;;) {
    absl::StatusOr<uint64_t> excess = Excess(max_documents, max_bytes);
    if (!excess.ok()) return excess.status();
    if (*excess == 0) break;
    pruned = true;
    // At most so many at a time: others may want to write, too.
    const uint64_t some = std::min<uint64_t>(*excess, 4096);
    if (auto status = Query(statements_->delete_oldest).Bind(some).Run(); !status.ok()) {
      return status;
    }
  }
  return pruned ? Query(statements_->vacuum).Run() : absl::OkStatus();
}

absl::StatusOr<std::optional<IndexStore::View>> IndexStore::SelectView(std::string_view library,
                                                                       std::string_view view) {
  Query query(statements_->find_view);
  absl::StatusOr<bool> row = query.Blob(library).Blob(view).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::optional<View>();
  return View{query.Unsigned(0), query.Int(1)};
}

absl::Status IndexStore::UpsertView(std::string_view library, std::string_view view,
                                    const View& row) {
  Query query(statements_->put_view);
  return query.Blob(library).Blob(view).Bind(row.options_hash).Bind(row.since_ns).Run();
}

absl::StatusOr<std::optional<IndexStore::View>> IndexStore::FindView(std::string_view library,
                                                                     std::string_view view) {
  absl::MutexLock lock(&mutex_);
  return SelectView(library, view);
}

absl::Status IndexStore::PutView(std::string_view library, std::string_view view, const View& row) {
  absl::MutexLock lock(&mutex_);
  return UpsertView(library, view, row);
}

absl::StatusOr<int64_t> IndexStore::RememberView(std::string_view library, std::string_view view,
                                                 uint64_t options_hash, int64_t now_ns) {
  absl::MutexLock lock(&mutex_);
  absl::StatusOr<std::optional<View>> old = SelectView(library, view);
  if (!old.ok()) return old.status();
  if (*old && (*old)->options_hash == options_hash) return (*old)->since_ns;
  Transaction transaction(db_.get());
  if (absl::Status status = transaction.Begin(); !status.ok()) return status;
  old = SelectView(library, view);  // another program may have been quicker
  if (!old.ok()) return old.status();
  View fresh{options_hash, 0};
  if (*old) {
    if ((*old)->options_hash == options_hash) return (*old)->since_ns;
    fresh.since_ns = std::max(now_ns, (*old)->since_ns + 1);
  }
  if (absl::Status status = UpsertView(library, view, fresh); !status.ok()) return status;
  if (absl::Status status = transaction.Commit(); !status.ok()) return status;
  return fresh.since_ns;
}

absl::StatusOr<uint64_t> IndexStore::CountDocuments() {
  absl::MutexLock lock(&mutex_);
  return Single(statements_->count);
}

}  // namespace cbzfs
