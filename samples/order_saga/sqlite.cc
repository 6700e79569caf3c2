#include "sqlite.h"

namespace order_saga {
namespace {

constexpr int kBusyTimeoutMs = 10'000;  // how long to wait for another connection's transaction

}  // namespace

SqliteError::SqliteError(sqlite3* db, const std::string& where)
    : std::runtime_error("SQLite: " + where + (db ? sqlite3_errmsg(db) : "out of memory")) {}

Database::Database(const std::filesystem::path& file, Mode mode) {
  const int flags =
      mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* db = nullptr;
  const int status = sqlite3_open_v2(file.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(db);
  if (status != SQLITE_OK) throw SqliteError(db, file.string() + ": ");
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
}

Statement Database::prepare(std::string_view sql) {
  return {db_.get(), sql};
}

void Database::run(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    throw SqliteError(db_.get());
}

int Database::changes() const {
  return sqlite3_changes(db_.get());
}

Statement::Statement(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int size = static_cast<int>(sql.size());
  if (sqlite3_prepare_v2(db, sql.data(), size, &statement, nullptr) != SQLITE_OK)
    throw SqliteError(db);
  statement_.reset(statement);
}

bool Statement::step() {
  const int status = sqlite3_step(statement_.get());
  if (status == SQLITE_ROW) return true;
  sqlite3* const db = sqlite3_db_handle(statement_.get());
  if (status != SQLITE_DONE) throw SqliteError(db);
  reset();
  return false;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* const data = sqlite3_column_text(statement_.get(), column);
  return data ? reinterpret_cast<const char*>(data) : "";
}

void Statement::bind(int index, std::string_view value) {
  const int size = static_cast<int>(value.size());
  if (sqlite3_bind_text(statement_.get(), index, value.data(), size, SQLITE_TRANSIENT) != SQLITE_OK)
    throw SqliteError(sqlite3_db_handle(statement_.get()));
}

void Statement::bind_number(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_.get(), index, value) != SQLITE_OK)
    throw SqliteError(sqlite3_db_handle(statement_.get()));
}

}  // namespace order_saga
