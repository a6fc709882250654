#include "cache/sqlite.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace cbzfs::sqlite {

absl::Status StatusOf(sqlite3* db, int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return absl::OkStatus();
  const char* text = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  const std::string message = absl::StrCat(text, " (SQLite ", code, ")");
  switch (code & 0xff) {  // the rest is detail
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::InternalError(message);
  }
}

absl::StatusOr<Database> Open(const std::string& path, absl::Duration busy) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(raw);  // there is one even after most failures
  if (code != SQLITE_OK) return StatusOf(raw, code);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, static_cast<int>(absl::ToInt64Milliseconds(busy)));
  // The file may have been damaged or made by others: it gets no say in what is executed.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return db;
}

absl::Status Execute(sqlite3* db, const char* sql) {
  return StatusOf(db, sqlite3_exec(db, sql, nullptr, nullptr, nullptr));
}

absl::StatusOr<Statement> Prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return StatusOf(db, code);
  return Statement(raw);
}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::Bind(int64_t value) {
  if (failed_ == SQLITE_OK) failed_ = sqlite3_bind_int64(statement_, next_++, value);
  return *this;
}

Query& Query::Blob(std::string_view value) {
  // A null pointer would bind NULL, not an empty blob.
  const char* data = value.data() ? value.data() : "";
  if (failed_ == SQLITE_OK) {
    failed_ = sqlite3_bind_blob64(statement_, next_++, data, value.size(), SQLITE_STATIC);
  }
  return *this;
}

absl::StatusOr<bool> Query::Step() {
  const int code = failed_ == SQLITE_OK ? sqlite3_step(statement_) : failed_;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return StatusOf(sqlite3_db_handle(statement_), code);
}

absl::Status Query::Run() {
  for (;;) {
    absl::StatusOr<bool> row = Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
  }
}

std::string_view Query::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

absl::Status Transaction::Begin() {
  // IMMEDIATE takes the write lock now, where waiting for it is safe: a transaction that began by
  // reading would be refused later without a wait.
  absl::Status status = Execute(db_, "BEGIN IMMEDIATE");
  open_ = status.ok();
  return status;
}

absl::Status Transaction::Commit() {
  absl::Status status = Execute(db_, "COMMIT");
  if (status.ok()) open_ = false;
  return status;
}

}  // namespace cbzfs::sqlite
