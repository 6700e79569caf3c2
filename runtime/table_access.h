// What the sdk sees of users' tables: keys and values as bytes, encoded by the sdk.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/visitor.h"

namespace reprise::runtime {

// The longest name of a table and the longest key of a row, in bytes: what LMDB takes as a key is
// the name, a zero and the key.
inline constexpr std::size_t kMaxTableNameBytes = 64;
inline constexpr std::size_t kMaxRowKeyBytes = 446;

// kTableName: 1 to kMaxTableNameBytes bytes of UTF-8, none of them zero.
base::Status check_table_name(std::string_view table);

// The rows of all tables at one moment. Belongs to one thread. Errors: kTableName, kStoreDamaged (a
// row does not verify), kStoreIo.
class TableReads {
 public:
  TableReads() = default;
  virtual ~TableReads() = default;
  TableReads(const TableReads&) = delete;
  TableReads& operator=(const TableReads&) = delete;

  virtual base::Result<std::optional<std::string>> get(std::string_view table,
                                                       std::string_view key) = 0;
  // Rows with keys from `from` on and before `to` (nullopt: to the end of the table), in order,
  // until `visit` has seen enough. It may read, and in a transaction write.
  virtual base::Status scan(std::string_view table,
                            std::string_view from,
                            std::optional<std::string_view> to,
                            base::Visitor<std::string_view, std::string_view> visit) = 0;
};

// What the closure of a transaction may do: it sees its own changes. Errors besides: kRowKey,
// kPayloadTooLarge, kTransactionLimit.
class TableWrites : public TableReads {
 public:
  virtual base::Status put(std::string_view table, std::string_view key, std::string value) = 0;
  // False: there was no such row.
  virtual base::Result<bool> erase(std::string_view table, std::string_view key) = 0;

  // Of the transaction whose closure this thread executes; nullptr: none. Closures get it this way,
  // because what lies between does not know tables.
  static TableWrites* current() { return current_; }
  class Scope {
   public:
    explicit Scope(TableWrites& writes) : outer_(std::exchange(current_, &writes)) {}
    ~Scope() { current_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    TableWrites* const outer_;
  };

 private:
  static thread_local TableWrites* current_;
};

}  // namespace reprise::runtime
