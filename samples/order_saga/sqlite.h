// The part of SQLite that this sample needs, with errors as exceptions and handles that close
// themselves.
#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <string_view>

namespace order_saga {

class SqliteError : public std::runtime_error {
 public:
  explicit SqliteError(sqlite3* db, const std::string& where = "");
};

class Statement;

// One connection. Used by one thread at a time.
class Database {
 public:
  enum class Mode : std::uint8_t { kReadWrite, kReadOnly };
  Database(const std::filesystem::path& file, Mode mode);

  Statement prepare(std::string_view sql);
  void run(const char* sql);  // one or more statements without a result
  int changes() const;        // rows changed by the last statement

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
};

// A prepared statement: bind the parameters with with(), then step() through its rows or run() it.
class Statement {
 public:
  Statement(sqlite3* db, std::string_view sql);

  template <class... Values>
  Statement& with(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  bool step();  // false: no more rows
  void run() {
    while (step()) continue;
  }

  // Releases the row and the read transaction that it keeps open.
  void reset() { sqlite3_reset(statement_.get()); }

  std::int64_t number(int column) const;
  std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void bind(int index, std::string_view value);
  void bind(int index, std::integral auto value) { bind_number(index, value); }
  void bind_number(int index, std::int64_t value);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace order_saga
