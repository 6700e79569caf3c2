// Tables: rows of the user's own, kept by the engine beside the histories. They are written in
// transactions of workflow code, exactly once, and read from everywhere:
// docs/language/transactions.md.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <reprise/internal/is_payload.h>
#include <reprise/internal/payload.h>
#include <reprise/table_key.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace reprise {

namespace runtime {
class TableReads;
class TableWrites;
}  // namespace runtime

inline constexpr std::size_t kMaxTableNameBytes = 64;
inline constexpr std::size_t kMaxTableKeyBytes = 446;  // of one encoded key

namespace internal {
template <class K>
struct RequireKey {
  static_assert(KeyCodec<K>::kIsKey,
                "a table's key is a bool, an integer, an enum, a std::string, a duration or a "
                "time, or a pair, tuple or array of these: their encoding sorts as they do");
};
}  // namespace internal

// The name and the types of a table: `constexpr Table<std::string, std::int64_t>
// accounts{"accounts"}`. A constant, shared by workflows and readers like a definition;
// thread-safe; owns nothing. A table need not be made: it is there, and empty. The name, 1 to
// kMaxTableNameBytes bytes of UTF-8 without zeros, is stored with each row, and the types must be
// those that the rows were written with. Usable everywhere; records nothing by itself.
template <class K, class V>
class Table {
 public:
  using Key = K;
  using Value = V;
  constexpr explicit Table(std::string_view name) : name_(name) {}
  constexpr std::string_view name() const { return name_; }

 private:
  static_assert(sizeof(internal::RequireKey<K>));
  static_assert(sizeof(internal::NoPayload<typename internal::WithoutCodec<V>::Type>));

  std::string_view name_;
};

namespace internal {

struct TableAccess;

// Sees a row; false: it has seen enough.
struct RowVisitor {
  void* object;
  bool (*visit)(void* object, std::string_view key, std::string_view value);
};

std::optional<std::string> get_row(runtime::TableReads& rows,
                                   std::string_view table,
                                   std::string_view key);
// `to`: nullptr: to the end of the table.
void scan_rows(runtime::TableReads& rows,
               std::string_view table,
               std::string_view from,
               const std::string* to,
               RowVisitor visit);

template <class V>
std::optional<V> value_of_row(const std::optional<std::string>& value) {
  return value ? std::optional<V>(decode_payload<V>(*value)) : std::nullopt;
}

template <class K, class V, class Fn>
RowVisitor row_visitor(Fn& fn) {
  static_assert(std::is_invocable_v<Fn&, const K&, const V&>,
                "the function of a scan takes a key and a value, and returns a bool (false: it has "
                "seen enough) or nothing");
  return {&fn, [](void* object, std::string_view key, std::string_view value) {
            const K decoded_key = decode_key<K>(key);
            const V decoded_value = decode_payload<V>(value);
            Fn& see = *static_cast<Fn*>(object);
            if constexpr (std::is_void_v<std::invoke_result_t<Fn&, const K&, const V&>>) {
              see(decoded_key, decoded_value);
              return true;
            } else {
              return static_cast<bool>(see(decoded_key, decoded_value));
            }
          }};
}

}  // namespace internal

// The rows of all tables as of one moment: the last durable one when it was made. Passed to the
// function of Engine::read(), and not valid after it; belongs to its thread. Space that the store
// frees is not used again while it lives: read in less than some 100 ms. Calls throw InvalidOption
// (RP3045), PayloadError (RP3001) if a row is not of these types, StoreError (RP1005) if it is
// damaged.
class TableReader {
 public:
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  template <class K, class V>
  std::optional<V> get(const Table<K, V>& table, const std::type_identity_t<K>& key) const {
    return internal::value_of_row<V>(
        internal::get_row(*rows_, table.name(), internal::encode_key(key)));
  }
  // Calls `fn(key, value)` for each row with a key from `from` on and before `to`, in the order of
  // keys, until it returns false.
  template <class K, class V, class Fn>
  void scan(const Table<K, V>& table,
            const std::type_identity_t<K>& from,
            const std::type_identity_t<K>& to,
            Fn fn) const {
    const std::string end = internal::encode_key<K>(to);
    internal::scan_rows(*rows_, table.name(), internal::encode_key<K>(from), &end,
                        internal::row_visitor<K, V>(fn));
  }
  // The same for all rows of the table.
  template <class K, class V, class Fn>
  void scan(const Table<K, V>& table, Fn fn) const {
    internal::scan_rows(*rows_, table.name(), {}, nullptr, internal::row_visitor<K, V>(fn));
  }

 private:
  friend struct internal::TableAccess;
  explicit TableReader(runtime::TableReads& rows) : rows_(&rows) {}

  runtime::TableReads* rows_;
};

// What the closure of Context::transaction() works with, and not valid after it. It sees all
// transactions before it and its own changes, which are made when it returns, or never. On the
// thread that writes the log, so be short: no calls of the Context or of a Client (UsageError
// RP2004), no I/O. Calls throw as a TableReader's do; besides InvalidOption (RP3046 the key is too
// long, RP3047 the transaction changes too much: EngineLimits::transaction_rows,
// transaction_bytes), PayloadError (RP3002 the value is too large, RP3012). A call that throws has
// changed nothing. After a StoreError that is not RP1005 nothing counts that the closure does: it
// is executed again later.
class Transaction {
 public:
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  template <class K, class V>
  std::optional<V> get(const Table<K, V>& table, const std::type_identity_t<K>& key) const {
    return internal::value_of_row<V>(get_row(table.name(), internal::encode_key<K>(key)));
  }
  template <class K, class V>
  void put(const Table<K, V>& table,
           const std::type_identity_t<K>& key,
           const std::type_identity_t<V>& value) {
    put_row(table.name(), internal::encode_key<K>(key), internal::encode_payload<V>(value));
  }
  // False: there was no such row.
  template <class K, class V>
  bool erase(const Table<K, V>& table, const std::type_identity_t<K>& key) {
    return erase_row(table.name(), internal::encode_key<K>(key));
  }
  // As TableReader::scan(). `fn` may change rows; it sees those changes that lie before it.
  template <class K, class V, class Fn>
  void scan(const Table<K, V>& table,
            const std::type_identity_t<K>& from,
            const std::type_identity_t<K>& to,
            Fn fn) const {
    const std::string end = internal::encode_key<K>(to);
    scan_rows(table.name(), internal::encode_key<K>(from), &end, internal::row_visitor<K, V>(fn));
  }
  template <class K, class V, class Fn>
  void scan(const Table<K, V>& table, Fn fn) const {
    scan_rows(table.name(), {}, nullptr, internal::row_visitor<K, V>(fn));
  }

 private:
  friend struct internal::TableAccess;
  explicit Transaction(runtime::TableWrites& rows) : rows_(&rows) {}
  std::optional<std::string> get_row(std::string_view table, std::string_view key) const;
  void put_row(std::string_view table, std::string_view key, std::string value);
  bool erase_row(std::string_view table, std::string_view key);
  void scan_rows(std::string_view table,
                 std::string_view from,
                 const std::string* to,
                 internal::RowVisitor visit) const;

  runtime::TableWrites* rows_;
};

namespace internal {

struct TableAccess {
  static TableReader reader(runtime::TableReads& rows) { return TableReader(rows); }
  // Of the closure that the calling thread executes.
  static Transaction here();
};

}  // namespace internal
}  // namespace reprise
