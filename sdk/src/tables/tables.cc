#include "base/check.h"
#include "reprise/error.h"
#include "reprise/table.h"
#include "runtime/table_access.h"
#include "sdk/src/errors.h"
#include "sdk/src/service/service.h"

namespace reprise {

static_assert(kMaxTableNameBytes == runtime::kMaxTableNameBytes);
static_assert(kMaxTableKeyBytes == runtime::kMaxRowKeyBytes);

// ---- keys -------------------------------------------------------------------------------------

void internal::append_key_number(std::uint64_t value, std::string* out) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift & 0xff));
  }
}

// A zero byte becomes two, 00 ff, and 00 00 ends the text: so a text sorts before those that begin
// with it, whatever follows in a tuple.
void internal::append_key_text(std::string_view value, std::string* out) {
  for (const char byte : value) {
    out->push_back(byte);
    if (byte == '\0') out->push_back('\xff');
  }
  out->append(2, '\0');
}

void TableKeyReader::invalid(std::string_view why) {
  throw PayloadError(internal::code_text(base::ErrorCode::kPayloadDecode),
                     "a key of a table is not of the type that is read: " + std::string(why) +
                         "; the types of a table must stay as they were when it was written");
}

std::uint8_t TableKeyReader::byte() {
  if (rest_.empty()) invalid("it is too short");
  const auto byte = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return byte;
}

std::uint64_t TableKeyReader::number() {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | byte();
  return value;
}

std::string TableKeyReader::text() {
  std::string text;
  while (true) {
    const std::uint8_t next = byte();
    if (next != 0) {
      text.push_back(static_cast<char>(next));
      continue;
    }
    const std::uint8_t after = byte();
    if (after == 0) return text;
    if (after != 0xff) invalid("a zero in a text is followed by another byte than 00 and ff");
    text.push_back('\0');
  }
}

void TableKeyReader::finish() const {
  if (!rest_.empty()) invalid("it is too long");
}

// ---- rows -------------------------------------------------------------------------------------

namespace {

// An exception must not pass through the engine's functions.
class Visit {
 public:
  explicit Visit(internal::RowVisitor visitor) : visitor_(visitor) {}
  base::Next operator()(std::string_view key, std::string_view value) {
    try {
      return base::go_on_if(visitor_.visit(visitor_.object, key, value));
    } catch (...) {
      thrown_ = std::current_exception();
      return base::Next::kStop;
    }
  }
  void rethrow() const {
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
  }

 private:
  const internal::RowVisitor visitor_;
  std::exception_ptr thrown_;
};

}  // namespace

std::optional<std::string> internal::get_row(runtime::TableReads& rows,
                                             std::string_view table,
                                             std::string_view key) {
  return value_or_throw(rows.get(table, key));
}

void internal::scan_rows(runtime::TableReads& rows,
                         std::string_view table,
                         std::string_view from,
                         const std::string* to,
                         RowVisitor visit) {
  Visit see(visit);
  const std::optional<std::string_view> end =
      to == nullptr ? std::nullopt : std::optional<std::string_view>(*to);
  const base::Status scanned = rows.scan(
      table, from, end, [&see](std::string_view key, std::string_view value) -> base::Visited {
        return see(key, value);
      });
  see.rethrow();
  value_or_throw(scanned);
}

std::optional<std::string> Transaction::get_row(std::string_view table,
                                                std::string_view key) const {
  return internal::get_row(*rows_, table, key);
}

void Transaction::put_row(std::string_view table, std::string_view key, std::string value) {
  internal::value_or_throw(rows_->put(table, key, std::move(value)));
}

bool Transaction::erase_row(std::string_view table, std::string_view key) {
  return internal::value_or_throw(rows_->erase(table, key));
}

void Transaction::scan_rows(std::string_view table,
                            std::string_view from,
                            const std::string* to,
                            internal::RowVisitor visit) const {
  internal::scan_rows(*rows_, table, from, to, visit);
}

void internal::read_tables(const Service& service,
                           const std::function<void(const TableReader&)>& read) {
  forbid_in_workflow();
  std::exception_ptr thrown;  // must not pass through the engine's functions
  const auto with = [&](runtime::TableReads& rows) {
    try {
      read(TableAccess::reader(rows));
    } catch (...) {
      thrown = std::current_exception();
    }
  };
  value_or_throw(ServiceAccess::state(service).clients->read_tables(with));
  if (thrown != nullptr) std::rethrow_exception(thrown);
}

Transaction internal::TableAccess::here() {
  runtime::TableWrites* const rows = runtime::TableWrites::current();
  REPRISE_CHECK(rows != nullptr, "a transaction's closure is executed by the engine");
  return Transaction(*rows);
}

}  // namespace reprise
