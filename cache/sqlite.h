// The little of SQLite's C API that the index needs, with owners and statuses.
//
// One thread at a time per connection: connections are opened without SQLite's own mutexes.
// Statuses: kUnavailable: another connection holds the lock; kDataLoss: the file is corrupt or no
// database; kResourceExhausted: the disk or memory is full; kInternal: all else.

#ifndef CBZFS_CACHE_SQLITE_H_
#define CBZFS_CACHE_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cbzfs::sqlite {

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;  // not to outlive its Database

absl::Status StatusOf(sqlite3* db, int code);

// Opens for reading and writing, making the file when missing. Waits at most `busy` for locks.
absl::StatusOr<Database> Open(const std::string& path, absl::Duration busy);

// Runs constant text that has no parameters; rows are passed over.
absl::Status Execute(sqlite3* db, const char* sql);

// For statements that are kept.
absl::StatusOr<Statement> Prepare(sqlite3* db, const char* sql);

// One use of a prepared statement: binds the parameters in order, steps, and resets at its end.
// A failed bind shows in the next step.
class Query {
 public:
  explicit Query(const Statement& statement) : statement_(statement.get()) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& Bind(int64_t value);
  Query& Bind(uint64_t value) { return Bind(static_cast<int64_t>(value)); }
  Query& Blob(std::string_view value);  // must live until the query's end

  absl::StatusOr<bool> Step();  // whether there is a row
  absl::Status Run();           // steps to the end

  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  uint64_t Unsigned(int column) const { return static_cast<uint64_t>(Int(column)); }
  std::string_view Bytes(int column) const;  // until the next step

 private:
  sqlite3_stmt* const statement_;
  int next_ = 1;
  int failed_ = SQLITE_OK;
};

// Write transaction from Begin on; rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* db) : db_(db) {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  absl::Status Begin();
  absl::Status Commit();

 private:
  sqlite3* const db_;
  bool open_ = false;
};

}  // namespace cbzfs::sqlite

#endif  // CBZFS_CACHE_SQLITE_H_
